"""A sending domain or a provider is stopped, and goes on: what waits for it is kept, and is due at once afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import CursorResult, delete, or_, select, text, update
from sqlalchemy.orm import Session

from engage.channels.email.routing.brakes import Kind, holds, locked_brake, read_brakes
from engage.channels.email.routing.health import end_brake
from engage.channels.email.routing.routes import LOOK_AGAIN
from engage.channels.email.routing.tables import Brake
from engage.db.session import nudge
from engage.errors import ConflictError, NotFoundError
from engage.language.guessing import way_out
from engage.messages.policy.verdicts import Reason
from engage.messages.tables import Attempt, Message
from engage.staff.audit import record

OBJECT: Final = "sending"
_NOT_TAKEN: Final = ("declined", "throttled", "not_sent")
# Spelled out as in the partial index: SQLite uses one only where the statement repeats its words.
_WAITING = text("messages.state IN ('queued', 'held')")
_REASONS: Final[dict[str, Reason]] = {"sender": Reason.DOMAIN_PAUSED, "recipient": Reason.DOMAIN_SLOWED}


def in_force(session: Session, *, now: datetime) -> Sequence[Any]:
    """Everything that holds mail back now, by kind and name."""
    return [row for _, row in sorted(read_brakes(session).rows.items()) if holds(row, now)]


def stop(session: Session, kind: Kind, name: str, *, by: str, reason: str, now: datetime) -> None:
    """From this commit on nothing is sent by that provider, or in the name of that domain."""
    brake = locked_brake(session, kind, name)
    if holds(brake, now) and brake.until is None:
        raise ConflictError(f"{name} is stopped since {brake.since:%Y-%m-%d %H:%M} UTC by {brake.by} already")
    end_brake(brake)
    brake.since, brake.reason, brake.by = now, reason.strip() or None, by
    _note(session, "sending.pause", name, {"kind": kind, "reason": brake.reason}, by, now)


def slow_down(session: Session, name: str, *, until: datetime, reason: str, by: str, now: datetime) -> bool:
    """A recipient's domain gets little until then; False where that was so already."""
    brake = locked_brake(session, "recipient", name)
    known = holds(brake, now)
    brake.since = brake.since if known else now
    brake.until, brake.reason, brake.by = until, reason, by
    return not known


def go_on(session: Session, name: str, *, by: str, now: datetime) -> int:
    """Ends whatever holds this provider or domain back; how many messages are due at once for it."""
    rows = [row for row in in_force(session, now=now) if row.name == name]
    if not rows:
        known = [row.name for row in in_force(session, now=now)]
        raise NotFoundError(f"nothing holds {name} back", hint=way_out(name, known, "engage sending list"))
    released = 0
    for row in rows:
        end_brake(locked_brake(session, row.kind, name))
        released += _release(session, row.kind, name, now)
        _note(session, "sending.resume", name, {"kind": row.kind, "stopped_since": row.since.isoformat()}, by, now)
    session.flush()
    nudge(session, "deliver")
    return released


def kind_of(session: Session, name: str) -> Kind:
    """Whether a name is a provider's or a sending domain's: as it is known, else by its dot."""
    known = session.scalar(select(Brake.kind).where(Brake.name == name, Brake.kind != "recipient"))
    return cast(Kind, known) if known else "sender" if "." in name else "provider"


def sweep_brakes(session: Session, *, now: datetime) -> None:
    """Forgets recipients' domains whose slow-down is long over."""
    old = (Brake.kind == "recipient", Brake.until < now - LOOK_AGAIN)
    session.execute(delete(Brake).where(*old))


def _release(session: Session, kind: str, name: str, now: datetime) -> int:
    """Has what waits for it go at once: what a domain held; what a provider did not take, or another has declined."""
    last = (Attempt.message_id == Message.id, Attempt.number == Message.fence)
    waits_for_it = or_(Attempt.provider == name, Attempt.outcome == "declined")
    refused = select(Attempt.id).where(*last, waits_for_it, Attempt.outcome.in_(_NOT_TAKEN)).exists()
    waits = Message.reason == f"{_REASONS[kind]}: {name}" if kind in _REASONS else refused
    freed = update(Message).where(_WAITING, Message.state == "queued", Message.due_at > now, waits)
    done = session.connection().execute(freed.values(due_at=now, reason=None))
    return int(cast(CursorResult[Any], done).rowcount)


def _note(session: Session, action: str, name: str, detail: dict[str, Any], by: str, now: datetime) -> None:
    record(session, actor=by, action=action, object_kind=OBJECT, object_id=name, detail=detail, now=now)
