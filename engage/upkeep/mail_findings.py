"""What the doctor sees of mail: mailboxes that cannot be read, mail that matched nobody, a server that refuses us."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engage.channels.email.mailbox import mailbox_of
from engage.channels.email.refusals import OURS_REFUSED
from engage.config import Settings
from engage.errors import InputError
from engage.messages.inbound.listing import count_unmatched
from engage.messages.inbound.tables import MailboxState
from engage.messages.tables import Message
from engage.upkeep.findings import Finding

_LATE = timedelta(minutes=15)
_WEEK = timedelta(days=7)
_WAITING = text("messages.state IN ('queued', 'held')")


def doors_of(settings: Settings) -> Iterable[Finding]:
    """Whether the settings let replies in at all, and name mailboxes that can be."""
    if not settings.mailbox_url and not settings.sendgrid_inbound_key:
        way_out = "set ENGAGE_MAILBOX_URL or ENGAGE_SENDGRID_INBOUND_KEY: docs/how-to/receive-replies.md"
        lost = f": it goes to {settings.reply_address}, which is no door of ours" if settings.reply_address else ""
        said = f"nobody here reads what customers answer{lost}"
        yield Finding("replies", "bad" if lost else "note", said, way_out)
    elif not settings.reply_address:
        said = "customers answer whoever wrote; what nobody passes on is not heard"
        yield Finding("replies", "note", said, "set ENGAGE_REPLY_ADDRESS: docs/how-to/receive-replies.md")
    for url in settings.mailbox_url:
        try:
            mailbox_of(url)
        except InputError as error:
            yield Finding("mailbox", "bad", error.message, error.hint)


def mailboxes(session: Session, settings: Settings, now: datetime) -> Iterable[Finding]:
    """How each mailbox of the settings fares."""
    for url in settings.mailbox_url:
        try:
            name = mailbox_of(url).name
        except InputError:
            continue  # told among the settings
        yield _mailbox(name, session.get(MailboxState, name), now)


def _mailbox(name: str, state: MailboxState | None, now: datetime) -> Finding:
    if state is None:
        return Finding("mailbox", "note", f"{name} was never read", "is `engage worker` running? read its log")
    if state.failing_since is not None:
        said = f"{name} cannot be read since {state.failing_since:%Y-%m-%d %H:%M} UTC: {state.problem}"
        return Finding("mailbox", "bad", said, "mend ENGAGE_MAILBOX_URL or the server; nothing is lost meanwhile")
    if state.read_at is None or now - state.read_at > _LATE:
        return Finding("mailbox", "bad", f"{name} was not read of late", "is `engage worker` running? read its log")
    return Finding("mailbox", "ok", f"{name} was read at {state.read_at:%H:%M} UTC")


def unmatched(session: Session, now: datetime) -> Iterable[Finding]:
    """Mail from people whom nobody here knows."""
    count = count_unmatched(session, now - _WEEK)
    if count:
        said = f"{count} mails of this week matched no customer"
        yield Finding("inbound mail", "note", said, "engage inbound list --unmatched", count=count)


def refusals(session: Session) -> Iterable[Finding]:
    """Mail that waits because the server refuses us, whoever it is for."""
    refused = _WAITING & Message.reason.startswith(OURS_REFUSED)
    row = session.execute(select(func.count(), func.max(Message.reason)).where(refused)).one()
    if row[0]:
        said = f"{row[0]} mails wait: {row[1]}"
        way_out = "the sender, its keys (SPF, DKIM, DMARC) or the login: mend it, and they go by themselves"
        yield Finding("mail server", "bad", said, way_out, count=row[0])
