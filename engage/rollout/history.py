"""What a store has learned, told again in the order in which it was learned; reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select, tuple_
from sqlalchemy.orm import Session

from engage.customers.finding import account_ids
from engage.customers.tables import Account, Contact, Membership
from engage.db.sets import one_of
from engage.events.storing import EventValues
from engage.events.tables import SOURCE_CALENDAR, SOURCE_ENGAGE, SOURCE_IMPORT, Event
from engage.staff.tables import AccountOwner, StaffMember

CHUNK = 2000
# What Engage wrote down of a customer's own doing; all else that it wrote is its own work, to be done anew.
_OF_CUSTOMERS = ("answered", "contact.away", "replied", "unsubscribed")


@dataclass(frozen=True, slots=True)
class Ownership:
    """Somebody of ours looks after an account, from then on."""

    account: str
    role: str
    staff_id: int
    since: datetime


class History:
    """The events of a store, or of some of its accounts, and the people who were there."""

    def __init__(self, session: Session, accounts: Collection[str] = ()) -> None:
        self._session = session
        self._accounts = account_ids(session, accounts) if accounts else None

    def begins(self) -> datetime | None:
        """When the first of it was learned."""
        found: datetime | None = self._session.scalar(self._of_accounts(select(func.min(Event.received_at))))
        return found

    def events(self) -> Iterator[EventValues]:
        """Every event in the order in which it was learned, about nobody yet."""
        query = self._of_accounts(
            select(*Event.__table__.c, Contact.external_id.label("who"), Account.external_id.label("where"))
            .outerjoin(Contact, Contact.id == Event.contact_id)
            .outerjoin(Account, Account.id == Event.account_id)
        )
        place = tuple_(Event.received_at, Event.id)
        chosen = query.order_by(Event.received_at, Event.id).limit(CHUNK)
        rows = self._session.execute(chosen).all()
        while rows:
            yield from map(_retold, rows)
            last = rows[-1]
            rows = self._session.execute(chosen.where(place > tuple_(last.received_at, last.id))).all()

    def staff(self) -> list[dict[str, Any]]:
        """Every colleague, without what lets them in."""
        rows = self._session.execute(select(*StaffMember.__table__.c).order_by(StaffMember.id))
        return [{**row._mapping, "password_hash": None} for row in rows]

    def owners(self) -> list[Ownership]:
        """Who looks after which account now."""
        rows = self._session.execute(
            select(Account.external_id, AccountOwner.role, AccountOwner.staff_id, AccountOwner.since)
            .join(Account, Account.id == AccountOwner.account_id)
            .where(AccountOwner.until.is_(None))
            .order_by(AccountOwner.id)
        )
        return [Ownership(*row) for row in rows]

    def _of_accounts(self, query: Select[Any]) -> Select[Any]:
        told_to_us = Event.source_id.not_in((SOURCE_ENGAGE, SOURCE_CALENDAR))
        query = query.where(or_(told_to_us, Event.name.in_(_OF_CUSTOMERS)))
        if self._accounts is None:
            return query
        people = select(Membership.contact_id).where(one_of(Membership.account_id, self._accounts))
        return query.where(or_(one_of(Event.account_id, self._accounts), Event.contact_id.in_(people)))


def _retold(row: Any) -> EventValues:
    is_ours = row.source_id == SOURCE_ENGAGE
    return {
        "source_id": SOURCE_IMPORT if is_ours else row.source_id,
        "message_id": row.message_id,
        "type": row.type,
        "name": row.name,
        "occurred_at": row.occurred_at,
        "received_at": row.received_at,
        "user_id": row.who if is_ours else row.user_id,
        "anonymous_id": row.anonymous_id,
        "group_id": row.where if is_ours else row.group_id,
        "properties": row.properties,
        "context": row.context,
        "contact_id": None,
        "account_id": None,
    }
