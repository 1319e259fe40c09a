"""Writes events in bulk, each once by (source, message id)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict, cast

from sqlalchemy import CursorResult, bindparam, insert, text
from sqlalchemy.orm import Session

from engage.db.base import Json, UtcDateTime
from engage.events.tables import Event


class EventValues(TypedDict):
    """The columns of a new event."""

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


def store_events(session: Session, source_id: int, events: Sequence[EventValues]) -> int:
    """Stores the events whose message id is new to the source, in their order; says how many that were."""
    once = list({event["message_id"]: event for event in reversed(events)}.values())[::-1]
    if not once:
        return 0
    if session.get_bind().dialect.name == "postgresql":
        return _store_as_one_text(session, once)
    return _store_keys_first(session, source_id, once)


# One statement and one parameter for both tables. Keys go in sorted, so that two batches that share messages
# wait for each other instead of deadlocking.
_ONE_TEXT = text("""
    WITH given AS MATERIALIZED (
        SELECT * FROM ROWS FROM (jsonb_to_recordset(:events) AS (
            source_id bigint, message_id text, type text, name text, occurred_at timestamptz, received_at timestamptz,
            user_id text, anonymous_id text, group_id text, properties jsonb, context jsonb,
            contact_id bigint, account_id bigint
        )) WITH ORDINALITY
    ), fresh AS (
        INSERT INTO event_keys (source_id, message_id, received_at)
        SELECT source_id, message_id, received_at FROM given ORDER BY message_id
        ON CONFLICT DO NOTHING RETURNING message_id
    )
    INSERT INTO events (source_id, message_id, type, name, occurred_at, received_at,
        user_id, anonymous_id, group_id, properties, context, contact_id, account_id)
    SELECT source_id, message_id, type, name, occurred_at, received_at,
        user_id, anonymous_id, group_id, properties, context, contact_id, account_id
    FROM given JOIN fresh USING (message_id) ORDER BY given.ordinality
""").bindparams(bindparam("events", type_=Json))


def _store_as_one_text(session: Session, events: list[EventValues]) -> int:
    return cast("CursorResult[Any]", session.execute(_ONE_TEXT, {"events": events})).rowcount


# SQLite has no INSERT inside WITH: first the keys, in one statement, then the events whose key was new.
_KEYS = text("""
    INSERT INTO event_keys (source_id, message_id, received_at)
    SELECT :source_id, value, :received_at FROM json_each(:message_ids) WHERE true
    ON CONFLICT DO NOTHING RETURNING message_id
""").bindparams(bindparam("message_ids", type_=Json), bindparam("received_at", type_=UtcDateTime()))


def _store_keys_first(session: Session, source_id: int, events: list[EventValues]) -> int:
    keys = {
        "source_id": source_id,
        "received_at": events[0]["received_at"],
        "message_ids": [event["message_id"] for event in events],
    }
    fresh = set(session.scalars(_KEYS, keys))
    rows = [dict(event) for event in events if event["message_id"] in fresh]
    if rows:
        session.execute(insert(Event.__table__), rows)  # type: ignore[arg-type]
    return len(rows)
