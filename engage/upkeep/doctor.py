"""What is configured, reachable, migrated, lagging; and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engage.channels.email.sendgrid.webhook import check_key
from engage.clock import Clock
from engage.config import Settings
from engage.db.session import Database
from engage.errors import EngageError, StoreUnavailableError
from engage.events.tables import Event
from engage.journeys.tables import Enrolment
from engage.messages.tables import Approval, Message
from engage.releases.tables import Release
from engage.staff.tables import StaffMember, WriteKey

Verdict = Literal["ok", "note", "bad"]

_SLOW = timedelta(minutes=5)
_LONG_UNKNOWN = timedelta(hours=2)


@dataclass(frozen=True)
class Finding:
    """One thing looked at: how it is, and the way out where it is not well."""

    what: str
    verdict: Verdict
    said: str
    way_out: str | None = None


@dataclass(frozen=True)
class Patient:
    """What the doctor looks at; the probes reach what lies above this package."""

    settings: Settings
    database: Database
    clock: Clock
    is_migrated: Callable[[Database], bool]
    redis_answers: Callable[[], bool | None]  # None: told never to use one


def examine(patient: Patient) -> list[Finding]:
    """Looks at everything, the ground first; what rests on a thing that is missing is left out."""
    findings = [_email(patient.settings), _clock(patient), _redis(patient)]
    try:
        migrated = patient.is_migrated(patient.database)
    except StoreUnavailableError as error:
        return [*findings, Finding("database", "bad", error.message, "check ENGAGE_DATABASE_URL, start the server")]
    findings.append(Finding("database", "ok", f"{patient.database.dialect} answers"))
    if not migrated:
        return [*findings, Finding("schema", "bad", "is not the one of this version", "engage db upgrade")]
    findings.append(Finding("schema", "ok", "is the one of this version"))
    with patient.database.reading() as session:
        now = patient.clock.now()
        return [*findings, *_ready(session), *_lags(session, now), *_doubts(session, now)]


def _email(settings: Settings) -> Finding:
    scheme = settings.email_url.partition(":")[0]
    if scheme == "outbox":
        return Finding("email", "note", f"mails stay here as files in {settings.outbox_dir}", "set ENGAGE_EMAIL_URL")
    if scheme == "sendgrid" and not settings.sendgrid_webhook_keys:
        return Finding("email", "note", "SendGrid's receipts cannot be verified", "set ENGAGE_SENDGRID_WEBHOOK_KEY")
    try:
        for key in settings.sendgrid_webhook_keys:
            check_key(key)
    except EngageError as error:
        return Finding("email", "bad", error.message, "copy ENGAGE_SENDGRID_WEBHOOK_KEY from SendGrid again")
    return Finding("email", "ok", f"goes out by {scheme}")


def _clock(patient: Patient) -> Finding:
    moving = patient.settings.clock_file
    if moving.exists():
        return Finding(
            "clock", "note", f"is moved, and says {patient.clock.now():%Y-%m-%d %H:%M} UTC", f"remove {moving}"
        )
    return Finding("clock", "ok", "tells the time of the system")


def _redis(patient: Patient) -> Finding:
    answers = patient.redis_answers()
    if answers is None:
        return Finding("redis", "ok", "is off: workers poll the database each second")
    if not answers:
        return Finding(
            "redis", "note", "does not answer: workers poll the database each second", "engage up, or start it"
        )
    return Finding("redis", "ok", "answers")


def _ready(session: Session) -> Iterable[Finding]:
    if session.scalar(select(func.count()).select_from(Release)):
        yield Finding("playbooks", "ok", "are live")
    else:
        yield Finding("playbooks", "bad", "none is live, so nothing will be sent", "engage playbooks apply")
    if not session.scalar(select(func.count()).select_from(WriteKey).where(WriteKey.revoked_at.is_(None))):
        yield Finding("write keys", "bad", "there is none, so no event can come in", "engage keys create NAME")
    if not session.scalar(select(func.count()).select_from(StaffMember).where(StaffMember.password_hash.is_not(None))):
        yield Finding("colleagues", "note", "nobody can log in to the console", "engage users add EMAIL")


def _lags(session: Session, now: datetime) -> Iterable[Finding]:
    oldest = {
        "events": select(func.min(Event.received_at)).where(Event.resolved_at.is_(None)),
        "journeys": select(func.min(Enrolment.due_at)).where(Enrolment.due_at <= now),
        "messages": select(func.min(Message.due_at)).where(
            Message.state.in_(("queued", "held")), Message.due_at <= now
        ),
        "approvals": select(func.min(Approval.expires_at)).where(
            Approval.state == "pending", Approval.expires_at <= now
        ),
    }
    for what, statement in oldest.items():
        since = session.scalar(statement)
        lag = now - since if since else timedelta(0)
        if lag > _SLOW:
            yield Finding(what, "bad", f"have waited for {_rounded(lag)}", "is `engage worker` running? read its log")
        else:
            yield Finding(what, "ok", "nothing waits" if not since else f"lag {_rounded(lag)}")


def _doubts(session: Session, now: datetime) -> Iterable[Finding]:
    count = session.scalar(
        select(func.count())
        .select_from(Message)
        .where(Message.state == "unknown", Message.due_at < now - _LONG_UNKNOWN)
    )
    if count:
        yield Finding("unknowns", "bad", f"{count} messages may or may not have gone", "engage messages unknowns")


def _rounded(lag: timedelta) -> timedelta:
    return timedelta(seconds=round(lag.total_seconds()))
