"""The send ledger: who may hand a message over, that it was tried, and how it ended; all in bulk and fenced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Row, Table, Text, and_, insert, literal, or_, select, text, update
from sqlalchemy.orm import Session

from engage.channels.base import Accepted, NotSent, Outcome, Rejected, Unknown
from engage.db.base import UtcDateTime
from engage.messages import status
from engage.messages.ledger_rows import bound, given
from engage.messages.news import tell
from engage.messages.tables import Attempt, Message

LEASE = timedelta(seconds=60)

_messages: Table = Message.__table__  # type: ignore[assignment]
_attempts: Table = Attempt.__table__  # type: ignore[assignment]

# Spelled out, not bound: SQLite uses a partial index only where the statement repeats its words. Held messages lack
# something and are looked at by `rechecking`.
_WAITING = text("messages.state IN ('queued', 'held') AND messages.state = 'queued'")

_IN_HAND = text("messages.state = 'sending'")

_STARTED = (("id", BigInteger), ("fence", BigInteger), ("sha", Text), ("address", Text))
_ENDED = (
    ("id", BigInteger),
    ("fence", BigInteger),
    ("outcome", Text),
    ("provider_id", Text),
    ("detail", Text),
)


@dataclass(frozen=True, slots=True)
class Handover:
    """One message on its way: the row as claimed, where it goes, and what it says."""

    row: Row[Any]
    fence: int  # the number of this attempt
    address: str | None
    sha: str | None


def claim(session: Session, *, limit: int, now: datetime) -> list[Row[Any]]:
    """Locks up to so many due messages that nobody else holds, the longest due first."""
    due = select(_messages).where(_WAITING, _messages.c.due_at <= now)
    due = due.order_by(_messages.c.due_at, _messages.c.id).limit(limit)
    return list(session.execute(due.with_for_update(skip_locked=True)).all())


def start_attempts(session: Session, handovers: Sequence[Handover], *, provider: str, now: datetime) -> None:
    """Notes, before any call, that these messages are being handed over."""
    rows = _started(handovers)
    v = given(session, _STARTED).c
    start = update(_messages).where(_messages.c.id == v.id)
    lease = {"state": status.SENDING, "fence": v.fence, "lease_until": now + LEASE, "reason": None}
    session.execute(start.values(sha=v.sha, address=v.address, **lease), rows)
    _insert_attempts(session, rows, provider=provider, now=now)


def post_at_once(session: Session, handovers: Sequence[Handover], *, provider: str, now: datetime) -> None:
    """Ends messages whose delivery is a row of this very transaction: never in doubt."""
    rows = _started(handovers)
    v = given(session, _STARTED).c
    end = update(_messages).where(_messages.c.id == v.id)
    end = end.values(fence=v.fence, sha=v.sha, **_accepted(now))
    session.execute(end, rows)
    _insert_attempts(session, rows, provider=provider, now=now)
    _end_attempts(session, [(h, Accepted()) for h in handovers], now=now)
    tell(session, "accepted", [h.row for h in handovers if h.row.wakes], now=now)


def finish(session: Session, ended: Sequence[tuple[Handover, Outcome]], *, now: datetime) -> None:
    """Writes how hand-overs ended; a message whose fence has moved on, or whose end is known, keeps what it has."""
    _end_attempts(session, ended, now=now)
    taken = [handover for handover, outcome in ended if isinstance(outcome, Accepted)]
    if taken:
        _finish_accepted(session, taken, now)
    for handover, outcome in ended:
        if not isinstance(outcome, Accepted):
            _finish_otherwise(session, handover, outcome, now)


def expired(session: Session, *, limit: int, now: datetime) -> list[Row[Any]]:
    """Hand-overs whose lease has run out without an outcome, with the provider that was asked."""
    attempted = and_(_attempts.c.message_id == _messages.c.id, _attempts.c.number == _messages.c.fence)
    asked = select(_messages, _attempts.c.provider).outerjoin(_attempts, attempted)
    return list(session.execute(asked.where(_IN_HAND, _messages.c.lease_until <= now).limit(limit)).all())


def hold(session: Session, message_id: int, *, until: datetime, reason: str) -> None:
    """Puts a claimed message back until an instant, with the reason."""
    held = update(_messages).where(_messages.c.id == message_id)
    session.execute(held.values(state=status.HELD, due_at=until, reason=reason[:500]))


def _accepted(now: datetime) -> dict[str, Any]:
    nothing = dict.fromkeys(("due_at", "lease_until", "reason"))
    return {"state": status.ACCEPTED, "accepted_at": now, "ended_at": now, **nothing}


def _insert_attempts(session: Session, rows: dict[str, Any], *, provider: str, now: datetime) -> None:
    v = given(session, _STARTED).c
    begun = select(v.id, v.fence, literal(provider), literal(now, UtcDateTime()))
    names = ["message_id", "number", "provider", "started_at"]
    session.execute(insert(_attempts).from_select(names, begun, include_defaults=False), rows)


def _end_attempts(session: Session, ended: Sequence[tuple[Handover, Outcome]], *, now: datetime) -> None:
    rows = bound([_end_row(handover, outcome) for handover, outcome in ended])
    v = given(session, _ENDED).c
    open_ = or_(_attempts.c.outcome.is_(None), _attempts.c.outcome == "unknown")
    end = update(_attempts).where(_attempts.c.message_id == v.id, _attempts.c.number == v.fence, open_)
    end = end.values(ended_at=now, outcome=v.outcome, provider_id=v.provider_id, detail=v.detail)
    session.execute(end, rows)


def _end_row(handover: Handover, outcome: Outcome) -> dict[str, Any]:
    row = {"id": handover.row.id, "fence": handover.fence, "provider_id": None, "detail": None}
    match outcome:
        case Accepted(provider_id):
            return row | {"outcome": "accepted", "provider_id": provider_id}
        case Rejected(reason):
            return row | {"outcome": "rejected", "detail": reason}
        case NotSent(reason, _):
            return row | {"outcome": "not_sent", "detail": reason}
        case Unknown(reason):
            return row | {"outcome": "unknown", "detail": reason}


def _finish_accepted(session: Session, taken: Sequence[Handover], now: datetime) -> None:
    rows = _started(taken)
    v = given(session, _STARTED).c
    end = update(_messages).where(_messages.c.id == v.id, _messages.c.fence == v.fence, _in_doubt())
    moved = set(session.scalars(end.values(**_accepted(now)).returning(_messages.c.id), rows))
    tell(session, "accepted", [h.row for h in taken if h.row.wakes and h.row.id in moved], now=now)


def _finish_otherwise(session: Session, handover: Handover, outcome: Outcome, now: datetime) -> None:
    messages = _messages.c
    end = update(_messages).where(messages.id == handover.row.id, messages.fence == handover.fence, _in_doubt())
    match outcome:
        case NotSent(reason, retry_after):
            later = now + timedelta(seconds=max(retry_after, 1.0))
            session.execute(end.values(state=status.QUEUED, reason=reason, due_at=later, lease_until=None))
        case Rejected(reason):
            end = end.values(state=status.REJECTED, reason=reason, ended_at=now, due_at=None, lease_until=None)
            tell(session, "rejected", session.execute(end.returning(_messages)).all(), now=now)
        case Unknown(reason):
            session.execute(end.values(state=status.UNKNOWN, reason=reason, lease_until=None))


def _started(handovers: Sequence[Handover]) -> dict[str, Any]:
    return bound([{"id": h.row.id, "fence": h.fence, "sha": h.sha, "address": h.address} for h in handovers])


def _in_doubt() -> Any:
    return _messages.c.state.in_((status.SENDING, status.UNKNOWN))
