"""Reads a mailbox: what is new is taken in, and how far we are is committed with it; no session is open on the way."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from engage.channels.email.inbound.arrived import Arrived
from engage.channels.email.inbound.letter import read_letter
from engage.channels.email.mailbox import Fetched, Mailbox, MailboxError, Place
from engage.clock import Clock
from engage.db.session import Database
from engage.messages.inbound.tables import MailboxState
from engage.messages.inbound.taking import take
from engage.releases.library import Library

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
FIRST_LOOK = timedelta(days=3)  # how far back a mailbox that is new to us is read
LONGEST_REST = timedelta(minutes=30)
_MOST_PIECES = 10  # of a mailbox in one round
_DELIVERED_TO = ("Delivered-To", "X-Original-To", "Envelope-To")


def read_mailbox(database: Database, library: Library, mailbox: Mailbox, clock: Clock) -> int:
    """Takes in what came since the last time; a mailbox that is down is noted and asked again, each time later."""
    taken = 0
    for _ in range(_MOST_PIECES):
        with database.reading() as session:
            state = session.get(MailboxState, mailbox.name)
        now = clock.now()
        if state is not None and state.rest_until is not None and state.rest_until > now:
            return taken
        known = Place(state.validity, state.uid) if state is not None and state.read_at else None
        since = (state.read_at if state is not None and state.read_at else now) - FIRST_LOOK
        try:
            place, mails, more = mailbox.read(known, since=since.date())
        except MailboxError as error:
            _note_failure(database, mailbox, str(error), now)
            return taken
        with database.transaction() as session:
            taken += take(session, library, [_arrived(mail) for mail in mails], now=clock.now())
            _note_place(session, mailbox, place, clock.now())
        if not more:
            return taken
    return taken


def _arrived(mail: Fetched) -> Arrived:
    """The mail with its envelope, as far as the server that took it has noted it down."""
    letter = read_letter(mail.raw)
    back = letter.header("Return-Path")
    return Arrived(
        door="imap",
        raw=mail.raw,
        size=mail.size,
        envelope_from=back.strip("<> ") if back else None,
        envelope_to=tuple(said for name in _DELIVERED_TO if (said := letter.header(name))),
    )


def _note_place(session: Session, mailbox: Mailbox, place: Place, now: datetime) -> None:
    state = session.get(MailboxState, mailbox.name) or MailboxState(name=mailbox.name)
    state.validity, state.uid, state.read_at = place.validity, place.uid, now
    state.failures, state.failing_since, state.rest_until, state.problem = 0, None, None, None
    session.add(state)


def _note_failure(database: Database, mailbox: Mailbox, problem: str, now: datetime) -> None:
    log.warning("a mailbox cannot be read", extra={"host": mailbox.host, "problem": problem})
    with database.transaction() as session:
        state = session.get(MailboxState, mailbox.name) or MailboxState(name=mailbox.name, validity=0, uid=0)
        state.failures = (state.failures or 0) + 1
        state.failing_since = state.failing_since or now
        state.rest_until = now + min(EVERY * 2 ** min(state.failures, 10), LONGEST_REST)
        state.problem = problem[:300]
        session.add(state)
