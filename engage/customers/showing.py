"""One account as a person wants to see it: who, what contract, who looks after it, what happened lately."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.finding import find_account
from engage.customers.tables import Account, Contact, Contract, Membership
from engage.events.tables import Event
from engage.staff.tables import AccountOwner, StaffMember


def show_account(session: Session, named: str, *, events: int) -> dict[str, Any]:
    """The account with its people, contracts, owners and latest events, as plain data."""
    found = find_account(session, named)
    account = session.execute(select(*Account.__table__.c).where(Account.id == found.id)).one()
    return {
        "account": _said(account),
        "people": [_said(row) for row in session.execute(_people(account.id))],
        "contracts": [_said(row) for row in session.execute(_contracts(account.id))],
        "owners": [_said(row) for row in session.execute(_owners(account.id))],
        "events": [_said(row) for row in session.execute(_events(account.id, events))],
    }


def _said(row: Any) -> dict[str, Any]:
    hidden = ("id", "public_id", "account_id", "address_key", "said_at")
    return {name: value for name, value in row._mapping.items() if value is not None and name not in hidden}


def _people(account_id: int) -> Any:
    asked = select(*Contact.__table__.c, Membership.roles, Membership.since, Membership.until)
    joined = asked.join(Membership, Membership.contact_id == Contact.id).where(Membership.account_id == account_id)
    return joined.order_by(Membership.until.is_not(None), Membership.since, Membership.id)


def _contracts(account_id: int) -> Any:
    columns = Contract.__table__.c
    return select(*columns).where(columns.account_id == account_id).order_by(columns.starts_on, columns.id)


def _owners(account_id: int) -> Any:
    asked = select(AccountOwner.role, StaffMember.email, AccountOwner.since, AccountOwner.until)
    joined = asked.join(StaffMember, StaffMember.id == AccountOwner.staff_id)
    return joined.where(AccountOwner.account_id == account_id).order_by(AccountOwner.id)


def _events(account_id: int, limit: int) -> Any:
    asked = (
        select(
            Event.occurred_at,
            Event.received_at,
            Event.type,
            Event.name,
            Contact.external_id.label("by"),
            Event.properties,
        )
        .outerjoin(Contact, Contact.id == Event.contact_id)
        .where(Event.account_id == account_id)
    )
    return asked.order_by(Event.occurred_at.desc(), Event.id.desc()).limit(limit)
