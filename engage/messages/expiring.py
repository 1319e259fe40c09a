"""Approvals that nobody gave in time: a second person is asked, then it becomes a task; the message still waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.tables import Account
from engage.keys import task_of_message
from engage.messages.asking import CONSENT_WITHIN, SENDER_CONSENT, due_of, rule_of
from engage.messages.deadlines import A_DAY, patience
from engage.messages.news import tell
from engage.messages.tables import Approval, Message
from engage.releases.library import Library
from engage.releases.pauses import pauses
from engage.staff.colleagues import colleagues
from engage.staff.presence import Colleague
from engage.staff.tables import StaffMember
from engage.tasks.raising import NewTask, raise_tasks

A_PAUSED_DAY = timedelta(days=1)  # nobody is late with what a pause holds anyway
_SECOND = ("cs_head", "leader", "admin")


def expire_approvals(session: Session, library: Library, *, now: datetime, limit: int = 200) -> int:
    """Escalates what is late, and makes a task of what is late again; says how many it dealt with."""
    late = (
        select(Approval, Message)
        .join(Message, Message.id == Approval.message_id)
        .where(Approval.state == "pending", Approval.expires_at <= now)
        .order_by(Approval.expires_at, Approval.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = session.execute(late).all()
    if not found:
        return 0
    paused, people = pauses(session), colleagues(session, library.vocabulary(session), now=now)
    for approval, message in found:
        if message.playbook_key in paused:
            approval.expires_at = now + A_PAUSED_DAY
            continue
        second = second_person(session, library, approval, message, people, now=now)
        if second is not None:
            _escalate(session, library, approval, message, second, now)
        else:
            _give_to_people(session, library, approval, message, now)
    return len(found)


def _escalate(
    session: Session, library: Library, approval: Approval, message: Message, second: StaffMember, now: datetime
) -> None:
    rule = rule_of(message.inputs)
    within = patience(rule.within if rule else CONSENT_WITHIN)
    approval.escalated_from_id, approval.escalated_at = approval.assignee_id, now
    approval.tell_at, approval.told_at = now, None
    approval.assignee_id = second.id
    approval.expires_at = due_of(session, library, message, second.id, within, now=now)


def _give_to_people(session: Session, library: Library, approval: Approval, message: Message, now: datetime) -> None:
    approval.state = "expired"
    due_at = due_of(session, library, message, approval.assignee_id, A_DAY, now=now)
    raise_tasks(session, [_task(approval, message, due_at)], now=now)
    tell(session, "expired", [message], now=now, noun="approval")


def second_person(
    session: Session,
    library: Library,
    approval: Approval,
    message: Message,
    people: Mapping[int, Colleague],
    *,
    now: datetime,
) -> StaffMember | None:
    """Who is asked next, once: whom the touch model names, else the head of customer success, a leader, an admin.

    Somebody who is there comes before somebody who is away. Nobody is asked instead of an executive.
    """
    if approval.cause == SENDER_CONSENT or approval.escalated_at is not None:
        return None
    named = _named_by_touch_model(session, library, message)
    found = list(_others(session, approval, (named, *_SECOND) if named else _SECOND))
    there = (member for member in found if not people[member.id].is_away(now))
    return next(there, found[0] if found else None)


def _others(session: Session, approval: Approval, words: Sequence[str]) -> Iterator[StaffMember]:
    for word in words:
        asked = select(StaffMember).where(
            StaffMember.is_active,
            (StaffMember.position == word) | (StaffMember.role == word),
            StaffMember.id != (approval.assignee_id or 0),
        )
        yield from session.scalars(asked.order_by(StaffMember.id))


def _named_by_touch_model(session: Session, library: Library, message: Message) -> str | None:
    account = session.get(Account, message.account_id) if message.account_id else None
    if account is None:
        return None
    return library.vocabulary(session).touch_model(account.touch_model).escalate_to


def _task(approval: Approval, message: Message, due_at: datetime) -> NewTask:
    name = message.template_name
    return NewTask(
        key=task_of_message(message.id, "approval_expired"),
        account_id=message.account_id,
        contact_id=message.contact_id,
        staff_id=approval.assignee_id,
        playbook_key=message.playbook_key,
        title={
            "ja": f"承認されていないメッセージ「{name}」に対応してください",
            "en": f"Decide on “{name}”: nobody approved it in time",
        },
        note={
            "ja": f"お客様への連絡はまだ送られていません。今からでも承認または差し戻しができます: {approval.public_id}",
            "en": f"The customer has not been written to. It can still be approved or rejected: {approval.public_id}.",
        },
        reason="approval_expired",
        due_at=due_at,
    )
