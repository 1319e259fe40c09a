"""How the installation is doing, in figures: what waits and since when, what is in doubt, when a worker last showed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engage.events.tables import Event
from engage.journeys.tables import Enrolment, Lease
from engage.messages.braking import in_force
from engage.messages.status import STATES
from engage.messages.tables import Approval, Attempt, Click, Message
from engage.messages.tallies import WEEK, Cause, Fared, how_mail_fared
from engage.messages.unknowns import LISTED_AFTER

# Every living worker asks for this turn all the time, and one of them gets it each time it is due.
HEARTBEAT, BEATS_EVERY = "sweep", timedelta(seconds=15)
# Spelled out as in the partial indexes: SQLite uses one only where the statement repeats its words.
_WAITING = text("messages.state IN ('queued', 'held')")
_TO_JUDGE = text("clicks.judge_at IS NOT NULL")
_IN_DOUBT = text("messages.state = 'unknown'")


@dataclass(frozen=True)
class Vitals:
    """The figures of one moment; no figure is about anybody."""

    messages: Mapping[str, int]  # by state; every state is there
    waiting: Mapping[str, timedelta]  # by kind of work: for how long the oldest has been due
    unresolved_events: int
    unknowns_listed: int  # in doubt for so long that a person is asked
    worker_seen: timedelta | None  # how long ago; None = never
    mail: Mapping[Cause, Fared]  # of a week: how it fared, by playbook and sending domain
    resting: frozenset[str]  # providers that take nothing now


def take_vitals(session: Session, now: datetime) -> Vitals:
    """Reads every figure, each in one statement."""
    counted = select(Message.state, func.count()).group_by(Message.state)
    found = {row[0]: row[1] for row in session.execute(counted)}
    unresolved = select(func.count()).select_from(Event).where(Event.resolved_at.is_(None))
    return Vitals(
        messages={state: found.get(state, 0) for state in STATES},
        waiting=oldest_waiting(session, now),
        unresolved_events=session.scalar(unresolved) or 0,
        unknowns_listed=count_listed_unknowns(session, now),
        worker_seen=_worker_seen(session, now),
        mail=how_mail_fared(session, since=now - WEEK, now=now),
        resting=frozenset(brake.name for brake in in_force(session, now=now) if brake.kind == "provider"),
    )


def count_listed_unknowns(session: Session, now: datetime) -> int:
    """How many messages `engage messages unknowns` lists."""
    last = (Attempt.message_id == Message.id) & (Attempt.number == Message.fence)
    listed = select(func.count()).select_from(Message).join(Attempt, last)
    return session.scalar(listed.where(_IN_DOUBT, Attempt.started_at <= now - LISTED_AFTER)) or 0


def oldest_waiting(session: Session, now: datetime) -> dict[str, timedelta]:
    """For each kind of work, for how long its oldest piece has been due; zero when nothing waits."""
    oldest = {
        "events": select(func.min(Event.received_at)).where(Event.resolved_at.is_(None)),
        "journeys": select(func.min(Enrolment.due_at)).where(Enrolment.due_at <= now),
        "messages": select(func.min(Message.due_at)).where(_WAITING, Message.due_at <= now),
        "approvals": select(func.min(Approval.expires_at)).where(
            Approval.state == "pending", Approval.expires_at <= now
        ),
        "clicks": select(func.min(Click.judge_at)).where(_TO_JUDGE, Click.judge_at <= now),
    }
    since = {what: session.scalar(statement) for what, statement in oldest.items()}
    return {what: max(now - at, timedelta(0)) if at else timedelta(0) for what, at in since.items()}


def _worker_seen(session: Session, now: datetime) -> timedelta | None:
    due_at = session.scalar(select(Lease.due_at).where(Lease.name == HEARTBEAT))
    return max(now - (due_at - BEATS_EVERY), timedelta(0)) if due_at else None
