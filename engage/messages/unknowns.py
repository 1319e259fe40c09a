"""Messages that may or may not have left: listed for a person after two hours, resolved by a person's word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from engage.errors import ConflictError, NotFoundError
from engage.messages import status
from engage.messages.news import tell
from engage.messages.tables import Attempt, Message
from engage.staff.audit import record

LISTED_AFTER = timedelta(hours=2)

# A person's word → what becomes of the message.
VERDICTS: Final = {"sent": status.ACCEPTED, "not-sent": status.QUEUED, "give-up": status.CANCELLED}


def list_unknowns(session: Session, *, now: datetime, older_than: timedelta = LISTED_AFTER) -> Sequence[Any]:
    """Messages in doubt whose last attempt began so long ago, the oldest first."""
    asked = (
        select(
            Message.public_id,
            Message.address,
            Message.playbook_key,
            Message.step_id,
            Message.reason,
            Attempt.provider,
            Attempt.started_at,
        )
        .join(Attempt, (Attempt.message_id == Message.id) & (Attempt.number == Message.fence))
        .where(text("messages.state = 'unknown'"), Attempt.started_at <= now - older_than)
        .order_by(Attempt.started_at, Message.id)
    )
    return session.execute(asked).all()


def resolve(session: Session, public_id: str, verdict: str, *, by: str, now: datetime) -> str:
    """Ends a doubt by a person's word, with an audit entry; returns the message's new state."""
    state = VERDICTS[verdict]
    change = update(Message).where(Message.public_id == public_id, Message.state == status.UNKNOWN)
    moved = session.execute(change.values(_changes(state, now)).returning(*Message.__table__.c)).all()
    if not moved:
        raise _refusal(session, public_id)
    detail = {"verdict": verdict, "state": state}
    record(
        session, actor=by, action="message.resolved", object_kind="message", object_id=public_id, now=now, detail=detail
    )
    if state != status.QUEUED:
        tell(session, state, moved, now=now)
    return state


def _changes(state: str, now: datetime) -> dict[str, Any]:
    if state == status.QUEUED:
        return {"state": state, "due_at": now, "reason": "a person saw that it had not been sent"}
    ended = {"state": state, "ended_at": now, "due_at": None}
    if state == status.ACCEPTED:
        return {**ended, "accepted_at": now, "reason": None}
    return {**ended, "reason": "given up by a person"}


def _refusal(session: Session, public_id: str) -> NotFoundError | ConflictError:
    state = session.scalar(select(Message.state).where(Message.public_id == public_id))
    if state is None:
        return NotFoundError("there is no such message", where=public_id)
    return ConflictError(f"the message is {state}, there is nothing to resolve", where=public_id)
