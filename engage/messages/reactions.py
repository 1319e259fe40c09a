"""What people did with in-app messages: the state on the item, the event for whoever waits, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.channels.in_app.states import Marked, known_ids, mark
from engage.events.recording import NewEvent, record
from engage.keys import message_event
from engage.messages.tables import Message


def react(session: Session, contact_id: int | None, public_ids: Sequence[str], state: str, *, now: datetime) -> int:
    """Marks the contact's own items and records `in_app.<state>` for each first time; returns how many are theirs."""
    if contact_id is None or not public_ids:
        return 0
    news = mark(session, contact_id, public_ids, state, now=now)
    if news:
        record(session, _events(session, news, state, now))
    return len(known_ids(session, contact_id, public_ids))


def _events(session: Session, news: Sequence[Marked], state: str, now: datetime) -> list[NewEvent]:
    asked = select(Message).where(Message.id.in_([item.message_id for item in news]))
    messages = {message.id: message for message in session.scalars(asked)}
    return [_event(item, messages[item.message_id], f"in_app.{state}", now) for item in news]


def _event(item: Marked, message: Message, name: str, now: datetime) -> NewEvent:
    return NewEvent(
        key=message_event(message.public_id, name),
        name=name,
        occurred_at=now,
        received_at=now,
        account_id=item.account_id,
        contact_id=item.contact_id,
        properties={
            "message_id": message.public_id,
            "origin": message.origin,
            "origin_id": message.origin_id,
            "step_id": message.step_id,
            "visit": message.visit,
        },
    )
