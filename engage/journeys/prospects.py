"""Everybody a date could concern, read in light rows: only columns and traits, enough to reckon dates with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import Session

from engage.customers.facts import Subject
from engage.customers.tables import Account, Contact, Contract, Membership
from engage.db.sets import one_of

CHUNK = 2000
LIGHT_ROOTS = frozenset({"account", "contract", "contact", "today", "now"})
_ACCOUNT = tuple(
    getattr(Account, name)
    for name in ("name", "country", "locale", "time_zone", "segment", "touch_model", "phase", "fiscal_year_end_month")
)
_CONTRACT = tuple(
    getattr(Contract, name)
    for name in ("external_id", "name", "starts_on", "ends_on", "notice_deadline", "auto_renew", "sold_by", "state")
)


@dataclass(frozen=True, slots=True)
class Prospect:
    """A subject with the light facts of it."""

    subject: Subject
    facts: Mapping[str, Any]
    contract: str | None
    known_since: datetime


def prospects(session: Session, kind: str, *, changed_since: datetime | None = None) -> Iterator[Sequence[Prospect]]:
    """Every subject of a kind, or those that changed lately, in chunks; test accounts are nobody's prospects."""
    subject_id = {"account": Account.id, "contact": Contact.id, "contract": Contract.id}[kind]
    query = _query(kind).where(Account.is_test.is_(False))
    if changed_since is not None:
        query = query.where(_changed(kind, changed_since))
    last = 0
    while rows := session.execute(query.where(subject_id > last).order_by(subject_id).limit(CHUNK)).all():
        last = rows[-1].subject_id
        contracts = {} if kind == "contract" else _current_contracts(session, {row.account_id for row in rows})
        yield [_prospect(kind, row, contracts.get(row.account_id)) for row in rows]
        if len(rows) < CHUNK:
            return


def _query(kind: str) -> Select[*tuple[Any, ...]]:
    account = [column.label(f"account_{column.key}") for column in _ACCOUNT]
    shared = [Account.id.label("account_id"), *account, Account.traits.label("account_traits")]
    match kind:
        case "contract":
            contract = [column.label(f"contract_{column.key}") for column in _CONTRACT]
            columns = [*contract, Contract.traits.label("contract_traits"), Contract.created_at]
            return select(Contract.id.label("subject_id"), *shared, *columns).join(
                Account, Account.id == Contract.account_id
            )
        case "contact":
            own = [Contact.traits.label("contact_traits"), Contact.created_at]
            return (
                select(Contact.id.label("subject_id"), *shared, *own)
                .join(Membership, Membership.contact_id == Contact.id)
                .join(Account, Account.id == Membership.account_id)
                .where(Membership.until.is_(None), Contact.is_staff.is_(False), Contact.left_at.is_(None))
            )
        case _:
            return select(Account.id.label("subject_id"), *shared, Account.created_at)


def _changed(kind: str, since: datetime) -> Any:
    # `updated_at` is when a change was true, `created_at` when the row was learned: an old contract may be new to us.
    changed = or_(Contract.updated_at >= since, Contract.created_at >= since)
    lately = [Account.updated_at >= since, Account.created_at >= since]
    if kind == "contact":
        lately += [Contact.updated_at >= since, Contact.created_at >= since]
    lately.append(changed if kind == "contract" else Account.id.in_(select(Contract.account_id).where(changed)))
    return or_(*lately)


def _current_contracts(session: Session, accounts: set[int]) -> dict[int, Row[Any]]:
    contract = [column.label(f"contract_{column.key}") for column in _CONTRACT]
    query = (
        select(Contract.id, Contract.account_id, *contract, Contract.traits.label("contract_traits"))
        .where(one_of(Contract.account_id, accounts), Contract.state == "active")
        .order_by(Contract.starts_on.is_not(None), Contract.starts_on, Contract.id)
    )
    return {row.account_id: row for row in session.execute(query)}


def _prospect(kind: str, row: Row[Any], current: Row[Any] | None) -> Prospect:
    contract_row = row if kind == "contract" else current
    contract_id = row.subject_id if kind == "contract" else (current.id if current is not None else None)
    contact_id = row.subject_id if kind == "contact" else None
    facts = {
        "account": {**row.account_traits, **_named(row, "account", _ACCOUNT)},
        "contract": _contract(contract_row) if contract_row is not None else None,
        "contact": row.contact_traits if kind == "contact" else None,
    }
    subject = Subject(kind, row.subject_id, row.account_id, contact_id, contract_id)
    named = contract_row.contract_external_id if contract_row is not None else None
    return Prospect(subject, facts, named, row.created_at)


def _contract(row: Row[Any]) -> dict[str, Any]:
    facts = {**row.contract_traits, **_named(row, "contract", _CONTRACT)}
    if facts["starts_on"] and facts["ends_on"]:
        facts["term_days"] = (facts["ends_on"] - facts["starts_on"]).days + 1
    return facts


def _named(row: Row[Any], group: str, columns: Sequence[Any]) -> dict[str, Any]:
    values = row._mapping
    return {column.key: values[f"{group}_{column.key}"] for column in columns}
