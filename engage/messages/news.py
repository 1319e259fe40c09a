"""What became of messages, told upward as events: whoever waits for a step is woken by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy.orm import Session

from engage.events.recording import NewEvent, record
from engage.keys import message_event
from engage.messages.following import may_follow

ACCEPTED: Final = "message.accepted"


class Told(Protocol):
    """What an event says of a message."""

    @property
    def public_id(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def origin_id(self) -> int: ...
    @property
    def step_id(self) -> str: ...
    @property
    def visit(self) -> int: ...
    @property
    def contact_id(self) -> int: ...
    @property
    def account_id(self) -> int | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def channel(self) -> str: ...
    @property
    def inputs(self) -> Mapping[str, Any]: ...


def tell(session: Session, what: str, messages: Iterable[Told], *, now: datetime, noun: str = "message") -> int:
    """Records `message.<what>` once for each message; says how many were new."""
    events = [_event(f"{noun}.{what}", message, now) for message in messages]
    return record(session, events) if events else 0


def _event(name: str, message: Told, now: datetime) -> NewEvent:
    said = {
        "message_id": message.public_id,
        "origin": message.origin,
        "origin_id": message.origin_id,
        "step_id": message.step_id,
        "visit": message.visit,
        "reason": message.reason,
        "followed": _is_followed(message) if name == ACCEPTED else None,
    }
    return NewEvent(
        key=message_event(message.public_id, name.removeprefix("message.")),
        name=name,
        occurred_at=now,
        received_at=now,
        account_id=message.account_id,
        contact_id=message.contact_id,
        properties={fact: value for fact, value in said.items() if value is not None},
    )


def _is_followed(message: Told) -> bool | None:
    """Whether its reader's clicks are noted, so that none of them means that there was none; None: it has no links."""
    said = message.inputs
    return may_follow(said.get("contact"), said.get("account")) if message.channel == "email" else None
