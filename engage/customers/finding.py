"""Finds accounts by the ids that people and systems use: the one that your systems gave, or Engage's own."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engage.customers.tables import Account
from engage.db.sets import one_of
from engage.errors import NotFoundError


def find_account(session: Session, named: str) -> Account:
    """The account of that id; NotFoundError where there is none."""
    found = session.scalar(select(Account).where(or_(Account.external_id == named, Account.public_id == named)))
    if found is None:
        raise _unknown(named)
    return found


def account_ids(session: Session, named: Collection[str]) -> frozenset[int]:
    """The inner ids of all these accounts; NotFoundError for the first that is not there."""
    names = set(named)
    asked = or_(one_of(Account.external_id, names), one_of(Account.public_id, names))
    rows = session.execute(select(Account.id, Account.external_id, Account.public_id).where(asked)).all()
    known = {name for row in rows for name in (row.external_id, row.public_id)}
    for name in named:
        if name not in known:
            raise _unknown(name)
    return frozenset(row.id for row in rows)


def _unknown(named: str) -> NotFoundError:
    hint = "an account is named by the id that your systems gave it (groupId), or by Engage's own (acc_…)"
    return NotFoundError("there is no such account", where=named, code="no_such_account", hint=hint)
