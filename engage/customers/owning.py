"""Which colleague looks after an account: the one whose address its newest word names, as soon as they are here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from engage.customers.tables import Account
from engage.db.sets import among, one_of
from engage.events.tables import Event
from engage.keys import address_key
from engage.staff.tables import AccountOwner, StaffMember

OWNER_TRAITS = {"csm": ("csm_email", "csm"), "sales": ("sales_email", "sales")}

_owners = AccountOwner.__table__.c
_OWNED = select(*_owners).where(among(_owners.account_id, "ids"), _owners.until.is_(None))

Owners = dict[tuple[int, str], tuple[int, datetime]]  # account, role → colleague, since


@dataclass(frozen=True, slots=True)
class Ownerless:
    """An account that names somebody who is no colleague."""

    account: str
    role: str
    address: str


def owner_named(traits: Mapping[str, Any], role: str) -> str | None:
    """The address that traits name as the owner in a role, in the form that colleagues are found by."""
    said = next((traits[name] for name in OWNER_TRAITS[role] if traits.get(name)), None)
    return address_key(str(said)) if said is not None else None


def write_owners(session: Session, said: Owners) -> int:
    """Closes the time of an owner that changed, and opens the next one's; how many were opened."""
    if not said:
        return 0
    table: Any = AccountOwner.__table__
    new = dict(said)
    for owner in session.execute(_OWNED, {"ids": list({id_ for id_, _ in said})}).all():
        staff_id, at = new.get((owner.account_id, owner.role), (owner.staff_id, owner.since))
        if staff_id == owner.staff_id:
            new.pop((owner.account_id, owner.role), None)
        else:
            session.execute(update(table).where(table.c.id == owner.id).values(until=max(at, owner.since)))
    rows = [
        {"account_id": account_id, "role": role, "staff_id": staff_id, "since": at, "until": None}
        for (account_id, role), (staff_id, at) in new.items()
    ]
    if rows:
        session.execute(insert(table), rows)
    return len(rows)


def take_over_accounts(session: Session, member: StaffMember) -> int:
    """Makes a colleague who came later than the customers' data the owner of all that names them; how many times."""
    found: Owners = {}
    for role in OWNER_TRAITS:
        named = select(Account.id, Account.traits, Account.updated_at).where(_names(Account.traits, role, member.email))
        accounts = [row for row in session.execute(named) if owner_named(row.traits, role) == member.email]
        since = _said_since(session, {row.id for row in accounts}, role, member.email)
        found |= {(row.id, role): (member.id, since.get(row.id, row.updated_at)) for row in accounts}
    return write_owners(session, found)


def without_owner(session: Session) -> Iterator[Ownerless]:
    """The accounts whose newest word names an owner who is no colleague."""
    known = set(session.scalars(select(StaffMember.email)))
    said = [Account.traits[name].is_not(None) for names in OWNER_TRAITS.values() for name in names]
    for account, traits in session.execute(
        select(Account.external_id, Account.traits).where(or_(*said)).order_by(Account.external_id)
    ):
        for role in OWNER_TRAITS:
            address = owner_named(traits, role)
            if address is not None and address not in known:
                yield Ownerless(account, role, address)


def _said_since(session: Session, accounts: set[int], role: str, address: str) -> dict[int, datetime]:
    """When each account was last said to be theirs: the instant that a replay would find."""
    asked = (
        select(Event.account_id, func.max(Event.occurred_at))
        .where(one_of(Event.account_id, accounts), Event.type == "group", _names(Event.properties, role, address))
        .group_by(Event.account_id)
    )
    return {account_id: at for account_id, at in session.execute(asked) if account_id is not None}


def _names(traits: InstrumentedAttribute[dict[str, Any]], role: str, address: str) -> ColumnElement[bool]:
    return or_(*(func.lower(func.trim(traits[name].as_string())) == address for name in OWNER_TRAITS[role]))
