"""Writes Engage's own events, already resolved: what it sent, what came back, what people did in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.db.session import nudge
from engage.events.storing import EventValues, store_events
from engage.events.tables import SOURCE_ENGAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """Something that Engage itself knows to have happened; `key` makes it happen once."""

    key: str
    name: str
    occurred_at: datetime
    received_at: datetime
    account_id: int | None
    contact_id: int | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    type: str = "track"
    user_id: str | None = None
    group_id: str | None = None


def record(session: Session, events: Sequence[NewEvent], *, source_id: int = SOURCE_ENGAGE) -> int:
    """Stores each event once by its key for the next digest; says how many were new."""
    written = store_events(session, source_id, [_values(event, source_id) for event in events])
    if written:
        nudge(session, "digest")
    return written


def _values(event: NewEvent, source_id: int) -> EventValues:
    return {
        "source_id": source_id,
        "message_id": event.key,
        "type": event.type,
        "name": event.name,
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        "user_id": event.user_id,
        "anonymous_id": None,
        "group_id": event.group_id,
        "properties": event.properties,
        "context": {},
        "contact_id": event.contact_id,
        "account_id": event.account_id,
    }
