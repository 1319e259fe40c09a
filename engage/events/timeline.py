"""Reads events back: those not yet resolved, in the order in which they were learned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.orm import Session

from engage.events.tables import Event


@dataclass(slots=True)
class EventRow:
    """One stored event; resolving fills in `contact_id` and `account_id`."""

    id: int
    source_id: int
    message_id: str
    type: str
    name: str
    occurred_at: datetime
    received_at: datetime
    user_id: str | None
    anonymous_id: str | None
    group_id: str | None
    properties: dict[str, Any]
    context: dict[str, Any]
    contact_id: int | None
    account_id: int | None


_COLUMNS = tuple(getattr(Event, name) for name in EventRow.__slots__)
_events = Event.__table__.c
_UNRESOLVED = (
    select(*(_events[name] for name in EventRow.__slots__))
    .where(_events.resolved_at.is_(None), _events.id > bindparam("after", type_=BigInteger))
    .order_by(_events.id)
    .limit(bindparam("most", type_=BigInteger))
)


def unresolved(session: Session, *, limit: int, after_id: int = 0) -> list[EventRow]:
    """The oldest events that nobody resolved yet."""
    return [EventRow(*row) for row in session.execute(_UNRESOLVED, {"after": after_id, "most": limit})]


def unattributed(session: Session, *, limit: int, after_id: int = 0) -> list[EventRow]:
    """The oldest unresolved events of which nobody knows yet whom they are about."""
    waiting = (Event.resolved_at.is_(None), Event.contact_id.is_(None), Event.account_id.is_(None))
    query = select(*_COLUMNS).where(*waiting, Event.id > after_id).order_by(Event.id).limit(limit)
    return [EventRow(*row) for row in session.execute(query)]


def events_after(session: Session, after_id: int, *, limit: int) -> list[EventRow]:
    """The next events by id, whatever became of them: for a replay."""
    query = select(*_COLUMNS).where(Event.id > after_id).order_by(Event.id).limit(limit)
    return [EventRow(*row) for row in session.execute(query)]
