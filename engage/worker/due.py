"""Which kinds of work have due rows, asked in one statement over the partial indexes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select, text
from sqlalchemy.orm import Session

from engage.channels.in_app.tables import InAppItem
from engage.events.tables import Event
from engage.journeys.tables import Enrolment, Lease
from engage.messages.tables import Approval, Click, Message
from engage.notices.tables import Notice
from engage.reports.digests import digest_is_due
from engage.staff.tables import Reach, StaffMember
from engage.tasks.tables import Task

# In the order in which the work flows; worker/rounds.py has a function for each.
KINDS = (
    "digest",
    "occurrences",
    "advance",
    "approvals",
    "sweep",
    "recheck",
    "deliver",
    "clicks",
    "telling",
    "digests",
    "notices",
    "expiries",
    "mailboxes",
    "looks",
    "suppressions",
    "brakes",
)
# Spelled out as in the partial indexes: SQLite uses one only where the statement repeats its words.
_WAITING = text("messages.state IN ('queued', 'held')")
_TO_JUDGE = text("clicks.judge_at IS NOT NULL")
_OPEN_ITEMS = text("expired_at IS NULL AND dismissed_at IS NULL AND archived_at IS NULL")


def due_kinds(session: Session, now: datetime) -> list[str]:
    """The kinds that have something to do now."""
    asked = _questions(now)
    answers = session.execute(select(*(question.label(kind) for kind, question in asked.items()))).one()
    return [kind for kind in KINDS if getattr(answers, kind)]


def _questions(now: datetime) -> dict[str, ColumnElement[bool]]:
    return {
        "digest": exists().where(Event.resolved_at.is_(None)),
        "occurrences": _time_has_come("occurrences", now),
        "advance": exists().where(Enrolment.due_at <= now),
        "approvals": exists().where(Approval.state == "pending", Approval.expires_at <= now),
        # Those that were held first: what they still lack decides whether they may go at all.
        "recheck": exists().where(_WAITING, Message.state == "held", Message.due_at <= now),
        "deliver": exists().where(_WAITING, Message.state == "queued", Message.due_at <= now),
        "clicks": exists().where(_TO_JUDGE, Click.judge_at <= now),
        "telling": or_(exists().where(Approval.tell_at <= now), exists().where(Task.tell_at <= now)),
        "digests": _digests_due(now),
        "notices": exists().where(Notice.due_at <= now),
        "expiries": exists().where(_OPEN_ITEMS, InAppItem.expires_at <= now),
        "sweep": _time_has_come("sweep", now),
        "mailboxes": _time_has_come("mailboxes", now),
        "looks": _time_has_come("looks", now),
        "suppressions": _time_has_come("suppressions", now),
        "brakes": _time_has_come("brakes", now),
    }


def _digests_due(now: datetime) -> ColumnElement[bool]:
    members = select(StaffMember.id).outerjoin(Reach, Reach.staff_id == StaffMember.id)
    return members.where(digest_is_due(now)).exists()


def _time_has_come(name: str, now: datetime) -> ColumnElement[bool]:
    return ~exists().where(Lease.name == name, Lease.due_at > now)
