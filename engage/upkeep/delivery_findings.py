"""What the doctor says of the way out: providers, domains, what they refuse, and how mail fares."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engage.channels.email.opening import open_channel
from engage.channels.email.refusals import OURS_REFUSED
from engage.channels.email.sendgrid.webhook import check_key
from engage.config import Settings
from engage.errors import EngageError
from engage.journeys.tables import Lease
from engage.messages.braking import in_force
from engage.messages.tables import Message
from engage.messages.tallies import WEEK, Fared, by_domain, how_mail_fared
from engage.messages.thresholds import read_thresholds, too_much
from engage.upkeep.findings import Finding

SHARING, SHARED_EVERY = "suppressions", timedelta(hours=1)  # the turn of the worker that shares them
_PATIENCE = timedelta(minutes=10)
_MOST_REASONS = 3
# Spelled out as in the partial index: SQLite uses one only where the statement repeats its words.
_WAITING = text("messages.state IN ('queued', 'held')")


def the_way_out(settings: Settings) -> Finding:
    """Whether the settings name providers that can be used, and what is missing beside them."""
    try:
        routes = open_channel(settings)
        routes.close()
        read_thresholds(settings.pause_at)
    except EngageError as error:
        return Finding("email", "bad", f"{error.where}: {error.message}", error.hint or "set ENGAGE_EMAIL_URL")
    names = [route.name for route in routes.each]
    if names == ["outbox"]:
        return Finding("email", "note", f"mails stay here as files in {settings.outbox_dir}", "set ENGAGE_EMAIL_URL")
    if "sandbox=yes" in settings.email_url:
        return Finding("email", "note", "SendGrid judges mails and delivers none", "take sandbox=yes away")
    return _receipts(settings, names)


def _receipts(settings: Settings, names: list[str]) -> Finding:
    if "sendgrid" in names and not settings.sendgrid_webhook_keys:
        return Finding("email", "note", "SendGrid's receipts cannot be verified", "set ENGAGE_SENDGRID_WEBHOOK_KEY")
    try:
        for key in settings.sendgrid_webhook_keys:
            check_key(key)
    except EngageError as error:
        return Finding("email", "bad", error.message, "copy ENGAGE_SENDGRID_WEBHOOK_KEY from SendGrid again")
    return Finding("email", "ok", f"goes out by {', then '.join(names)}")


def delivery_findings(session: Session, settings: Settings, *, now: datetime) -> Iterator[Finding]:
    """What holds mail back, what providers refuse at the moment, and what came back in a week."""
    for brake in in_force(session, now=now):
        yield _held_back(brake)
    yield from _refused(session)
    yield from _fared(session, settings, now)
    yield from _shared(session, now)


def _shared(session: Session, now: datetime) -> Iterator[Finding]:
    """Whether the last turn of sharing suppressions with the provider came to its end."""
    asked = select(Lease.name, Lease.fence, Lease.due_at).where(Lease.name.in_((SHARING, f"{SHARING}:ended")))
    turns = {row.name: row for row in session.execute(asked)}
    begun, ended = turns.get(SHARING), turns.get(f"{SHARING}:ended")
    if begun is None or begun.due_at is None or begun.fence <= (ended.fence if ended else 0):
        return
    if begun.due_at - SHARED_EVERY + _PATIENCE < now:
        said = "the last turn of sharing them with the provider did not come to its end"
        yield Finding("suppressions", "note", said, "engage suppressions sync says why")


def _held_back(brake: Any) -> Finding:
    until = f"until {brake.until:%Y-%m-%d %H:%M} UTC" if brake.until else "until a person lets it go on"
    said = f"takes nothing {until}" if brake.kind == "provider" else f"is held back {until}"
    why = f" since {brake.since:%Y-%m-%d %H:%M} UTC by {brake.by}: {brake.reason or 'no reason given'}"
    is_bad = brake.kind != "recipient" and brake.by == "engage" and (brake.kind == "sender" or brake.rests > 0)
    what = {"provider": "provider", "sender": "sending domain", "recipient": "recipient's domain"}[brake.kind]
    said = f"{brake.name} {said}{why}"
    return Finding(what, "bad" if is_bad else "note", said, f"mend the cause, then: engage sending resume {brake.name}")


def _refused(session: Session) -> Iterator[Finding]:
    """Why messages that were handed over wait for another try, apart from what a mail server has against us."""
    counted = select(Message.reason, func.count()).where(_WAITING, Message.fence > 0)
    counted = counted.where(Message.reason.is_not(None), ~Message.reason.startswith(OURS_REFUSED))
    counted = counted.group_by(Message.reason).order_by(func.count().desc(), Message.reason).limit(_MOST_REASONS)
    for reason, count in session.execute(counted):
        said = f"{count} messages wait for another try: {reason}"
        yield Finding("refused", "note", said, "engage messages list --state queued", count=count)


def _fared(session: Session, settings: Settings, now: datetime) -> Iterator[Finding]:
    try:
        thresholds = read_thresholds(settings.pause_at)
    except EngageError:
        return  # told with the settings
    for domain, fared in by_domain(how_mail_fared(session, since=now - WEEK, now=now)).items():
        said = f"{domain}: of {fared.sent:,} mails of a week {_share(fared.bounced, fared)} bounced, "
        said += f"{_share(fared.complained, fared)} were complained about"
        if too_much(thresholds, fared) is None:
            yield Finding("deliverability", "ok", said)
        else:
            yield Finding("deliverability", "bad", said, "engage reports deliverability")


def _share(count: int, fared: Fared) -> str:
    return f"{count:,} ({count / max(fared.sent, count, 1):.2%})"
