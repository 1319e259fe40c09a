"""An executive agrees once for each template version that it goes out in their name; what waited for it moves on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.db.session import nudge
from engage.messages.asking import SENDER_CONSENT, TOUCH_MODEL, assignee_of, due_of, rule_of
from engage.messages.gate import run_gate, settle
from engage.messages.policy.verdicts import Skip
from engage.messages.tables import Approval, Message
from engage.releases.library import Library
from engage.staff.reaching import BURST
from engage.staff.tables import SenderConsent


def give_sender_consent(session: Session, library: Library, message: Message, *, staff_id: int, now: datetime) -> int:
    """Records the consent and lets every other message go that waited for just this one; says how many."""
    sha = library.template(session, message.template_version_id).sha
    row = {"staff_id": staff_id, "template_name": message.template_name, "template_sha": sha, "given_at": now}
    insert_ignore(session, SenderConsent, [row])
    waiting = (
        select(Approval, Message)
        .join(Message, Message.id == Approval.message_id)
        .where(
            Approval.cause == SENDER_CONSENT,
            Approval.state.in_(("pending", "expired")),
            Approval.assignee_id == staff_id,
            Message.template_version_id == message.template_version_id,
            Message.state == "proposed",
            Message.id != message.id,
        )
        .with_for_update()
    )
    released = session.execute(waiting).all()
    for approval, other in released:
        if not pass_on(session, library, approval, other, now=now):
            approval.state, approval.decided_at, approval.decided_by_id = "approved", now, staff_id
            other.state, other.due_at = "queued", max(other.due_at or now, now)
    if released:
        nudge(session, "deliver")
    return len(released)


def pass_on(session: Session, library: Library, approval: Approval, message: Message, *, now: datetime) -> bool:
    """Asks whoever the touch model names, after the executive said yes; False when nobody else has to be asked.

    The gate is asked first: a mail that may not go any more ends here.
    """
    rule = rule_of(message.inputs)
    if rule is None:
        return False
    approval.version += 1
    session.flush()
    verdicts = run_gate(session, library, [message], phase="ask", now=now)
    if isinstance(verdicts[message.id], Skip):
        approval.state, approval.decided_at = "withdrawn", now
        settle(session, verdicts, now=now)
        session.refresh(message)
        return True
    approval.cause, approval.state = TOUCH_MODEL, "pending"
    approval.assignee_id = assignee_of(session, message.account_id, rule.by)
    approval.asked_at, approval.tell_at, approval.told_at = now, now + BURST, None
    approval.expires_at = due_of(session, library, message, approval.assignee_id, rule.within, now=now)
    return True
