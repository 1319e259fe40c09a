"""Takes back what has not left yet: when a journey ends early, or when a person says no."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engage.channels.in_app.displays import withdraw
from engage.messages.gate import rows_told
from engage.messages.news import tell
from engage.messages.tables import Approval, Message

PENDING = ("proposed", "queued", "held")


def cancel_pending(session: Session, *, enrolment_ids: Sequence[int], reason: str, now: datetime) -> int:
    """Cancels whatever these enrolments still had waiting; what is already on its way stays.

    What of theirs lies over a product's pages goes, too: it asks for what nobody has to do any more.
    """
    if not enrolment_ids:
        return 0
    shown = select(Message.id).where(
        Message.origin == "enrolment", Message.origin_id.in_(enrolment_ids), Message.channel == "in_app"
    )
    withdraw(session, shown, now=now)
    waiting = select(Message.id).where(
        Message.origin == "enrolment", Message.origin_id.in_(enrolment_ids), Message.state.in_(PENDING)
    )
    return cancel_messages(session, list(session.scalars(waiting.with_for_update())), reason=reason, now=now)


def cancel_messages(
    session: Session, ids: Sequence[int], *, reason: str, now: datetime, told: str = "cancelled"
) -> int:
    """Cancels these messages where they still wait, withdraws their approvals and tells whoever waits for them."""
    if not ids:
        return 0
    cancelled = session.scalars(
        update(Message)
        .where(Message.id.in_(ids), Message.state.in_(PENDING))
        .values(state="cancelled", reason=reason, due_at=None, ended_at=now)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).all()
    if cancelled:
        session.execute(
            update(Approval)
            .where(Approval.message_id.in_(cancelled), Approval.state == "pending")
            .values(state="withdrawn", decided_at=now, reason=reason)
            .execution_options(synchronize_session=False)
        )
        tell(session, told, rows_told(session, cancelled), now=now)
    return len(cancelled)
