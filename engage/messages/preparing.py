"""The next batch: due messages are claimed, pass the gate, are made, and are noted as attempts, in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engage.channels.base import OutboundEmail
from engage.channels.in_app.posting import NewItem, post
from engage.errors import InputError
from engage.messages.composing import FACTS_MISSING, failure, why_held
from engage.messages.envelope import Correspondents, lock_correspondents
from engage.messages.gate import run_gate, settle
from engage.messages.inbox_questions import show_questions
from engage.messages.ledger import Handover, claim, hold, post_at_once, start_attempts
from engage.messages.links import Links
from engage.messages.policy.verdicts import Allow
from engage.messages.rendering import RenderedInApp, render_email, render_in_app
from engage.messages.showing import shown_as
from engage.messages.travelling import fold, losers_beside
from engage.releases.library import Library

log = logging.getLogger(__name__)

BROKEN_FOR = timedelta(hours=6)  # how long a message that cannot be made waits before it is tried again


@dataclass(slots=True)
class Batch:
    """What one transaction took from the queue, and what is to be handed over after its commit, a window at a time."""

    id: int | None = None
    taken: int = 0
    handovers: list[Handover] = field(default_factory=list)
    emails: list[OutboundEmail] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Press:
    """What messages are made with."""

    library: Library
    links: Links
    provider: str
    window: int

    def prepare(self, session: Session, limit: int, now: datetime) -> Batch:
        """Takes up to so many due messages; its first window counts as begun with the commit."""
        rows = claim(session, limit=limit, now=now) if limit > 0 else []
        batch = Batch(taken=len(rows))
        if not rows:
            return batch
        rows += losers_beside(session, self.library, rows)
        people = lock_correspondents(session, self.library, rows)
        verdicts = run_gate(session, self.library, rows, phase="send", now=now)
        settle(session, verdicts, now=now)
        rows = fold(session, self.library, rows, verdicts, now=now)
        allowed = [(row, verdict) for row in rows if isinstance(verdict := verdicts.get(row.id), Allow)]
        emails = [(row, verdict.copies) for row, verdict in allowed if row.channel == "email"]
        self._start_emails(session, batch, emails, people, now)
        self._post_in_app(session, [row for row, _ in allowed if row.channel == "in_app"], now)
        return batch

    def _start_emails(
        self,
        session: Session,
        batch: Batch,
        rows: Sequence[tuple[Row[Any], Sequence[int]]],
        people: Correspondents,
        now: datetime,
    ) -> None:
        for row, copies in rows:
            try:
                self._insist_on_facts(session, row)
                rendered = render_email(self.library, session, row, links=self.links)
                email = people.outbound(row, rendered, copies=copies, attempt=row.fence + 1, links=self.links, now=now)
            except SQLAlchemyError:
                raise
            except Exception as error:
                _hold_broken(session, row, error, now)
                continue
            batch.handovers.append(Handover(row, email.attempt, email.to_address, rendered.sha, email.mail_id))
            batch.emails.append(email)
        if batch.handovers:
            show_questions(session, self.library, [handover.row for handover in batch.handovers], now=now)
            base = self.links.public_url
            batch.id = start_attempts(
                session, batch.handovers, provider=self.provider, link_base=base, begun=self.window, now=now
            )

    def _post_in_app(self, session: Session, rows: Sequence[Row[Any]], now: datetime) -> None:
        handovers, items = [], []
        for row in rows:
            try:
                self._insist_on_facts(session, row)
                words = render_in_app(self.library, session, row)
            except SQLAlchemyError:
                raise
            except Exception as error:
                _hold_broken(session, row, error, now)
                continue
            handovers.append(Handover(row, row.fence + 1, row.address, words.sha))
            items.append(_item(row, words, now))
        if handovers:
            post(session, items, now=now)
            post_at_once(session, handovers, provider="in_app", now=now)

    def _insist_on_facts(self, session: Session, row: Row[Any]) -> None:
        """A message that lacks what its template needs waits, even if it could be rendered with a gap."""
        template = self.library.template(session, row.template_version_id)
        lacking = why_held(template, row.inputs, purpose=row.purpose, render=False)
        if lacking:
            raise InputError(lacking, code=FACTS_MISSING)


def _item(row: Row[Any], words: RenderedInApp, now: datetime) -> NewItem:
    return NewItem(
        message_id=row.id,
        contact_id=row.contact_id,
        account_id=row.account_id,
        locale=row.locale,
        title=words.title,
        body=words.body,
        link=words.link,
        **shown_as(row.inputs, now),
    )


def _hold_broken(session: Session, row: Row[Any], error: Exception, now: datetime) -> None:
    """One message that cannot be made waits with its reason, and stops no other."""
    reason = failure(error)
    log.error("a message cannot be made", extra={"message_id": row.public_id, "reason": reason})
    hold(session, row.id, until=now + BROKEN_FOR, reason=reason)
