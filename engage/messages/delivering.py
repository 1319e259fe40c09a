"""Delivery: due messages pass the gate, are noted as attempted, handed over, and their outcomes written.

One transaction writes the outcomes of the last window and claims, gates, renders and notes the next one; the hand-over
happens between two transactions. So a process that dies leaves at most one window in doubt, and forgets none.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from engage.channels.base import EmailChannel, NotSent, OutboundEmail, Outcome, Unknown
from engage.channels.in_app.posting import NewItem, post
from engage.clock import Clock
from engage.db.session import Database
from engage.errors import InputError, StoreUnavailableError
from engage.messages.composing import FACTS_MISSING, failure, why_held
from engage.messages.envelope import Correspondents, lock_correspondents
from engage.messages.gate import run_gate, settle
from engage.messages.inbox_questions import show_questions
from engage.messages.ledger import Handover, claim, finish, hold, post_at_once, start_attempts
from engage.messages.links import Links
from engage.messages.policy.verdicts import Allow
from engage.messages.rendering import SECTIONS, render_email, render_in_app
from engage.messages.travelling import fold, follow_carriers, losers_beside
from engage.releases.library import Library

log = logging.getLogger(__name__)

WINDOW = 25  # messages in doubt when a process dies between two commits
BROKEN_FOR = timedelta(hours=6)  # how long a message that cannot be made waits before it is tried again
_PATIENCE = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds between tries to write outcomes down


@dataclass(slots=True)
class _Window:
    """What one transaction took from the queue, and what is to be handed over after its commit."""

    taken: int = 0
    handovers: list[Handover] = field(default_factory=list)
    emails: list[OutboundEmail] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def ended(self) -> list[tuple[Handover, Outcome]]:
        return list(zip(self.handovers, self.outcomes, strict=True))


def deliver(
    database: Database, library: Library, channel: EmailChannel, links: Links, clock: Clock, limit: int = 500
) -> int:
    """Hands over up to `limit` due messages, a window at a time; returns how many it took from the queue."""
    round_ = _Round(database, library, channel, links, clock)
    taken, last = 0, _Window()
    while True:
        window = round_.turn(last, min(WINDOW, limit - taken))
        taken += window.taken
        if not window.taken:
            return taken
        window.outcomes = _hand_over(channel, window.emails)
        last = window
        if window.outcomes and all(isinstance(outcome, NotSent) for outcome in window.outcomes):
            limit = taken  # the provider takes nothing at the moment: write that down and stop


@dataclass(frozen=True, slots=True)
class _Round:
    database: Database
    library: Library
    channel: EmailChannel
    links: Links
    clock: Clock

    def turn(self, last: _Window, limit: int) -> _Window:
        """One transaction: how the last window ended, and the next window; outcomes survive a failed commit."""
        try:
            with self.database.transaction() as session:
                now = self.clock.now()
                if last.handovers:
                    finish(session, last.ended(), now=now)
                    if any(SECTIONS in handover.row.inputs for handover in last.handovers):
                        follow_carriers(session, now=now)
                return self._take(session, limit, now)
        except Exception as error:
            if not last.handovers:
                raise
            self._write_down(last)
            if not isinstance(error, StoreUnavailableError | DBAPIError):
                raise
        return _Window()

    def _write_down(self, last: _Window) -> None:
        """Outcomes alone, tried for a while: what the provider said must not be lost to a deadlock or a restart."""
        for pause in _PATIENCE:
            time.sleep(pause)
            try:
                with self.database.transaction() as session:
                    finish(session, last.ended(), now=self.clock.now())
                return
            except (StoreUnavailableError, DBAPIError):
                log.warning("outcomes could not be written yet", extra={"count": len(last.handovers)})
        log.error("outcomes are lost; their messages become unknown", extra={"count": len(last.handovers)})

    def _take(self, session: Session, limit: int, now: datetime) -> _Window:
        rows = claim(session, limit=limit, now=now) if limit > 0 else []
        window = _Window(taken=len(rows))
        if not rows:
            return window
        rows += losers_beside(session, self.library, rows)
        people = lock_correspondents(session, self.library, rows)
        verdicts = run_gate(session, self.library, rows, phase="send", now=now)
        settle(session, verdicts, now=now)
        rows = fold(session, self.library, rows, verdicts, now=now)
        allowed = [(row, verdict) for row in rows if isinstance(verdict := verdicts.get(row.id), Allow)]
        emails = [(row, verdict.copies) for row, verdict in allowed if row.channel == "email"]
        self._start_emails(session, window, emails, people, now)
        self._post_in_app(session, [row for row, _ in allowed if row.channel == "in_app"], now)
        return window

    def _start_emails(
        self,
        session: Session,
        window: _Window,
        rows: Sequence[tuple[Row[Any], Sequence[int]]],
        people: Correspondents,
        now: datetime,
    ) -> None:
        for row, copies in rows:
            try:
                _insist_on_facts(self.library, session, row)
                rendered = render_email(self.library, session, row, links=self.links)
                email = people.outbound(row, rendered, copies=copies, attempt=row.fence + 1, links=self.links, now=now)
            except SQLAlchemyError:
                raise
            except Exception as error:
                _hold_broken(session, row, error, now)
                continue
            window.handovers.append(Handover(row, email.attempt, email.to_address, rendered.sha))
            window.emails.append(email)
        if window.handovers:
            show_questions(session, self.library, [handover.row for handover in window.handovers], now=now)
            base = self.links.public_url
            start_attempts(session, window.handovers, provider=self.channel.name, link_base=base, now=now)

    def _post_in_app(self, session: Session, rows: Sequence[Row[Any]], now: datetime) -> None:
        handovers, items = [], []
        for row in rows:
            try:
                _insist_on_facts(self.library, session, row)
                words = render_in_app(self.library, session, row)
            except SQLAlchemyError:
                raise
            except Exception as error:
                _hold_broken(session, row, error, now)
                continue
            handovers.append(Handover(row, row.fence + 1, row.address, words.sha))
            items.append(
                NewItem(
                    message_id=row.id,
                    contact_id=row.contact_id,
                    account_id=row.account_id,
                    locale=row.locale,
                    title=words.title,
                    body=words.body,
                    link=words.link,
                )
            )
        if handovers:
            post(session, items, now=now)
            post_at_once(session, handovers, provider="in_app", now=now)


def _insist_on_facts(library: Library, session: Session, row: Row[Any]) -> None:
    """A message that lacks what its template needs waits, even if it could be rendered with a gap."""
    template = library.template(session, row.template_version_id)
    lacking = why_held(template, row.inputs, purpose=row.purpose, render=False)
    if lacking:
        raise InputError(lacking, code=FACTS_MISSING)


def _hold_broken(session: Session, row: Row[Any], error: Exception, now: datetime) -> None:
    """One message that cannot be made waits with its reason, and stops no other."""
    reason = failure(error)
    log.error("a message cannot be made", extra={"message_id": row.public_id, "reason": reason})
    hold(session, row.id, until=now + BROKEN_FOR, reason=reason)


def _hand_over(channel: EmailChannel, emails: Sequence[OutboundEmail]) -> list[Outcome]:
    """No session is open here. A channel that breaks its word leaves its window in doubt, nothing else."""
    if not emails:
        return []
    try:
        return channel.send(emails)
    except Exception:
        log.exception("a channel failed", extra={"channel": channel.name})
        return [Unknown("the channel failed")] * len(emails)
