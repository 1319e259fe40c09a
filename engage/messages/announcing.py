"""Tells colleagues what waits for their word: when asked, when it was passed on to them, before it runs out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from engage.db.bulk import update_rows
from engage.keys import news_of_approval
from engage.messages.approval_letters import approvals_in
from engage.messages.asking import SENDER_CONSENT
from engage.messages.links import Links
from engage.messages.tables import Approval, Message
from engage.notices.telling import News, plan_letters, post
from engage.releases.library import Library
from engage.releases.pauses import pauses
from engage.staff.reaching import BURST

REMINDED = timedelta(days=1)  # so long before it runs out, but not before half of the time is over
_TOO_LATE_TO_REMIND = timedelta(minutes=15)
_AT_ONCE = 20_000  # a broadcast is one letter, however many it asks about
_TOLD = (
    Approval.id,
    Approval.state,
    Approval.cause,
    Approval.assignee_id,
    Approval.asked_at,
    Approval.expires_at,
    Approval.escalated_at,
    Approval.tell_at,
    Approval.told_at,
    Message.state.label("message_state"),
    Message.account_id,
    Message.playbook_key,
)


def tell_of_approvals(session: Session, library: Library, links: Links, *, now: datetime) -> int:
    """Writes letters about the approvals that are due to be told; how many letters."""
    found = {row.id: row for row in _due(session, now)}
    if not found:
        return 0
    paused = pauses(session)
    due = {id_: row for id_, row in found.items() if _is_worth_telling(row, paused)}
    plan = plan_letters(session, library.vocabulary(session), [_news(row) for row in due.values()], now=now)
    for letter in plan.letters:
        content = approvals_in(session, library, links, letter, plan.people, now=now)
        post(session, letter, content, now=now)
    told = [_told(due[one.id], now) for letter in plan.letters for one in letter.news]
    waiting = plan.later | dict.fromkeys(found.keys() - due.keys())
    kept = [{"id": id_, "tell_at": at, "told_at": found[id_].told_at} for id_, at in waiting.items()]
    update_rows(session, Approval, [*told, *kept])
    return len(plan.letters)


def reminder_at(told: datetime, expires_at: datetime) -> datetime | None:
    """When whoever heard of it then is reminded; None where there is no room for it."""
    at = max(expires_at - REMINDED, told + (expires_at - told) / 2)
    return at if expires_at - at >= _TOO_LATE_TO_REMIND else None


def _due(session: Session, now: datetime) -> Collection[Any]:
    due = (
        select(*_TOLD)
        .join(Message, Message.id == Approval.message_id)
        .where(Approval.tell_at <= now + BURST)
        .order_by(Approval.tell_at, Approval.id)
        .limit(_AT_ONCE)
    )
    return session.execute(due.with_for_update(skip_locked=True, of=Approval)).all()


def _is_worth_telling(row: Row[Any], paused: Collection[str]) -> bool:
    """Not what was decided meanwhile, nor a reminder of what a pause holds anyway."""
    waits = row.state == "pending" and row.message_state == "proposed"
    return waits and (row.told_at is None or row.playbook_key not in paused)


def _news(row: Row[Any]) -> News:
    about, since = _about(row)
    return News(
        id=row.id,
        key=news_of_approval(row.id, about, since),
        about=about,
        staff_id=row.assignee_id,
        tell_at=row.tell_at,
        deadline=row.expires_at,
        may_pass_on=row.cause != SENDER_CONSENT,
        account_id=row.account_id,
        playbook_key=row.playbook_key,
    )


def _about(row: Row[Any]) -> tuple[str, datetime]:
    """Which kind of news it is, and the instant that makes it another one the next time."""
    if row.told_at is not None:
        return "approval_expiring", row.expires_at
    if row.escalated_at is not None:
        return "approval_escalated", row.escalated_at
    return "approval_asked", row.asked_at


def _told(row: Row[Any], now: datetime) -> dict[str, Any]:
    """The row once its reader has heard: they are reminded once."""
    again = reminder_at(now, row.expires_at) if row.told_at is None else None
    return {"id": row.id, "tell_at": again, "told_at": now}
