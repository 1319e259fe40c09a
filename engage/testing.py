"""For tests, ours and those of a team's own playbooks: a clock that stands still, and makers of customers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.clock import VirtualClock
from engage.customers.tables import Account, Contact, Contract, Membership
from engage.ids import new_id
from engage.keys import address_key
from engage.staff.tables import AccountOwner, StaffMember

# A Monday, ten o'clock in Tokyo: a business day in both languages' calendars.
MONDAY = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)


class FrozenClock(VirtualClock):
    """Stands still until it is moved; a Monday morning when nothing else is said."""

    def __init__(self, at: datetime = MONDAY) -> None:
        super().__init__(at)


def make_account(session: Session, external_id: str = "acme", *, now: datetime = MONDAY, **said: Any) -> Account:
    """An account with sensible columns; `said` overrides them."""
    columns: dict[str, Any] = {"name": external_id.title(), "locale": "en", "time_zone": "Asia/Tokyo", **said}
    account = Account(
        public_id=new_id("acc"), external_id=external_id, created_at=now, updated_at=now, **{"traits": {}, **columns}
    )
    session.add(account)
    session.flush()
    return account


def make_contact(
    session: Session,
    account: Account | None = None,
    external_id: str = "ann",
    *,
    roles: tuple[str, ...] = ("champion",),
    now: datetime = MONDAY,
    **said: Any,
) -> Contact:
    """A contact with an address, in the account with these roles; `said` overrides columns."""
    email = said.pop("email", f"{external_id}@customer.example")
    contact = Contact(
        public_id=new_id("con"),
        external_id=external_id,
        email=email,
        address_key=address_key(email) if email else None,
        created_at=now,
        updated_at=now,
        **{"traits": {}, "family_name": "Smith", "given_name": external_id.title(), **said},
    )
    session.add(contact)
    session.flush()
    if account is not None:
        member = Membership(
            contact_id=contact.id, account_id=account.id, roles=list(roles), since=now, learned_at=now, until=None
        )
        session.add(member)
        session.flush()
    return contact


def make_contract(
    session: Session, account: Account, external_id: str = "c-1", *, now: datetime = MONDAY, **said: Any
) -> Contract:
    """An active contract of the account; `said` overrides columns."""
    contract = Contract(
        public_id=new_id("ctr"),
        external_id=external_id,
        account_id=account.id,
        created_at=now,
        updated_at=now,
        **{"traits": {}, **said},
    )
    session.add(contract)
    session.flush()
    return contract


def make_staff(
    session: Session,
    email: str = "sato@engage.example",
    *,
    owns: Account | None = None,
    as_role: str = "csm",
    now: datetime = MONDAY,
    **said: Any,
) -> StaffMember:
    """A colleague, who may own an account as CSM or for sales; `said` overrides columns."""
    columns: dict[str, Any] = {"role": "csm", "family_name": "佐藤", "given_name": "花子", **said}
    member = StaffMember(public_id=new_id("stf"), email=email, created_at=now, **columns)
    session.add(member)
    session.flush()
    if owns is not None:
        session.add(AccountOwner(account_id=owns.id, staff_id=member.id, role=as_role, since=now, until=None))
        session.flush()
    return member
