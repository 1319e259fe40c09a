"""What people call the subjects of runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.tables import Account, Contact, Contract
from engage.db.sets import one_of

_TABLES: dict[str, tuple[Any, Any]] = {
    "account": (Account, Account.name),
    "contact": (Contact, Contact.email),
    "contract": (Contract, Contract.external_id),
}


def subject_names(session: Session, subjects: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """The name of each (kind, id); empty where it has none."""
    wanted = set(subjects)
    names: dict[tuple[str, int], str] = {}
    for kind, (table, name) in _TABLES.items():
        ids = [id_ for of, id_ in wanted if of == kind]
        if ids:
            rows = session.execute(select(table.id, name).where(one_of(table.id, ids)))
            names |= {(kind, id_): said or "" for id_, said in rows}
    return names
