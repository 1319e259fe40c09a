"""After a pause: what waited for its end is due at once, and nobody is late with what was held."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, func, or_, select, update
from sqlalchemy.orm import Session

from engage.db.session import nudge
from engage.messages.cancelling import PENDING
from engage.messages.policy.verdicts import Reason
from engage.messages.tables import Approval, Message

TIME_TO_DECIDE = timedelta(days=1)
MEANWHILE = timedelta(minutes=1)  # clocks differ, and a transaction takes its time


def release_messages(session: Session, key: str, *, now: datetime) -> int:
    """Has the gate look again at once at the messages that it held for the pause; how many."""
    # Those that are due now, too: a worker that saw the pause may be holding them, and is waited for.
    was_held = or_(Message.reason == str(Reason.PAUSED), Message.due_at <= now + MEANWHILE)
    held = update(Message).where(Message.playbook_key == key, Message.state == "queued", was_held)
    released = cast(CursorResult[Any], session.connection().execute(held.values(due_at=now, reason=None)))
    theirs = select(Message.id).where(Message.playbook_key == key)
    open_ = update(Approval).where(Approval.state == "pending", Approval.message_id.in_(theirs))
    soon = now + TIME_TO_DECIDE
    session.connection().execute(open_.where(Approval.expires_at < soon).values(expires_at=soon))
    nudge(session, "deliver")
    return int(released.rowcount)


def waiting_messages(session: Session, key: str) -> dict[str, int]:
    """How many messages of a playbook have not left yet, by state; `sending` ones cannot be called back."""
    counted = select(Message.state, func.count()).where(
        Message.playbook_key == key, Message.state.in_((*PENDING, "sending"))
    )
    rows = session.execute(counted.group_by(Message.state)).all()
    return {row[0]: row[1] for row in rows}
