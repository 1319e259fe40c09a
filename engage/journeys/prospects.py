"""Everybody a date could concern, read in light rows: only columns and traits, enough to reckon dates with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import Session

from engage.customers.fact_shapes import Declared, by_kind, trait_facts
from engage.customers.facts import Subject
from engage.customers.tables import Account, Contact, Contract, Membership
from engage.db.sets import among
from engage.language.vocabulary import Vocabulary

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
_CURRENT = (
    select(
        Contract.id,
        Contract.account_id,
        *(column.label(f"contract_{column.key}") for column in _CONTRACT),
        Contract.traits.label("contract_traits"),
    )
    .where(among(Contract.account_id, "ids"), Contract.state == "active")
    .order_by(Contract.starts_on.is_not(None), Contract.starts_on, Contract.id)
)


@dataclass(frozen=True, slots=True)
class Prospect:
    """A subject with the light facts of it."""

    subject: Subject
    facts: Mapping[str, Any]
    contract: str | None
    known_since: datetime


def prospects(session: Session, vocabulary: Vocabulary, kind: str, ids: Sequence[int]) -> Iterator[Sequence[Prospect]]:
    """The subjects of a kind with these ids, in chunks; who is nobody's prospect is left out."""
    query = _prospects(kind)
    declared = by_kind({path: fact.type for path, fact in vocabulary.facts.items()})
    for start in range(0, len(ids), CHUNK):
        rows = session.connection().execute(query, {"ids": list(ids[start : start + CHUNK])}).all()
        contracts = {} if kind == "contract" else _current_contracts(session, {row.account_id for row in rows})
        yield [_prospect(kind, row, contracts.get(row.account_id), declared) for row in rows]


@cache
def _prospects(kind: str) -> Select[*tuple[Any, ...]]:
    subject_id = {"account": Account.id, "contact": Contact.id, "contract": Contract.id}[kind]
    return _query(kind).where(*may_be_prospect(kind), among(subject_id, "ids")).order_by(subject_id)


def may_be_prospect(kind: str) -> list[Any]:
    """Test accounts, colleagues and people who left are nobody's prospects."""
    people = [Contact.is_staff.is_(False), Contact.left_at.is_(None)] if kind == "contact" else []
    return [Account.is_test.is_(False), *people]


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
                .where(Membership.until.is_(None))
            )
        case _:
            return select(Account.id.label("subject_id"), *shared, Account.created_at)


def has_changed(kind: str, since: Any) -> Any:
    """Whether something was said of the subject, its account or its contracts since then."""
    # `updated_at` is when a change was true, `created_at` when the row was learned: an old contract may be new to us.
    changed = or_(Contract.updated_at >= since, Contract.created_at >= since)
    lately = [Account.updated_at >= since, Account.created_at >= since]
    if kind == "contact":
        lately += [Contact.updated_at >= since, Contact.created_at >= since]
    lately.append(changed if kind == "contract" else Account.id.in_(select(Contract.account_id).where(changed)))
    return or_(*lately)


def _current_contracts(session: Session, accounts: set[int]) -> dict[int, Row[Any]]:
    return {row.account_id: row for row in session.connection().execute(_CURRENT, {"ids": list(accounts)})}


def _prospect(kind: str, row: Row[Any], current: Row[Any] | None, declared: Declared) -> Prospect:
    contract_row = row if kind == "contract" else current
    contract_id = row.subject_id if kind == "contract" else (current.id if current is not None else None)
    contact_id = row.subject_id if kind == "contact" else None
    facts = {
        "account": {**trait_facts(row.account_traits, declared["account"]), **_named(row, "account", _ACCOUNT)},
        "contract": _contract(contract_row, declared) if contract_row is not None else None,
        "contact": trait_facts(row.contact_traits, declared["contact"]) if kind == "contact" else None,
    }
    subject = Subject(kind, row.subject_id, row.account_id, contact_id, contract_id)
    named = contract_row.contract_external_id if contract_row is not None else None
    return Prospect(subject, facts, named, row.created_at)


def _contract(row: Row[Any], declared: Declared) -> dict[str, Any]:
    facts = {**trait_facts(row.contract_traits, declared["contract"]), **_named(row, "contract", _CONTRACT)}
    if facts["starts_on"] and facts["ends_on"]:
        facts["term_days"] = (facts["ends_on"] - facts["starts_on"]).days + 1
    return facts


def _named(row: Row[Any], group: str, columns: Sequence[Any]) -> dict[str, Any]:
    values = row._mapping
    return {column.key: values[f"{group}_{column.key}"] for column in columns}
