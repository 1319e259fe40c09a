"""The next batch: due messages are claimed, pass the gate, are made, and are noted as attempts, in one transaction.

Each mail goes to the first provider that is open and has not declined it.
"""

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
from engage.channels.email.routing.routes import Road, Routes
from engage.channels.in_app.posting import NewItem, post
from engage.errors import InputError
from engage.messages.composing import FACTS_MISSING, failure, why_held
from engage.messages.dispatching import Roads, read_roads
from engage.messages.envelope import Correspondents, domain_of, lock_correspondents
from engage.messages.gate import run_gate, settle
from engage.messages.inbox_questions import show_questions
from engage.messages.ledger import Handover, claim, hold, post_at_once, start_attempts
from engage.messages.links import Links
from engage.messages.pacing import hold_back
from engage.messages.policy.verdicts import Allow, Verdict
from engage.messages.rendering import RenderedEmail, RenderedInApp, render_email, render_in_app
from engage.messages.showing import shown_as
from engage.messages.travelling import fold, losers_beside
from engage.releases.library import Library

log = logging.getLogger(__name__)

BROKEN_FOR = timedelta(hours=6)  # how long a message that cannot be made waits before it is tried again


@dataclass(slots=True)
class Batch:
    """What one provider is to get after the commit, a window at a time."""

    road: Road
    id: int = 0
    handovers: list[Handover] = field(default_factory=list)
    emails: list[OutboundEmail] = field(default_factory=list)


@dataclass(slots=True)
class Taken:
    """What one transaction took from the queue: how many messages, and the batches that they make, one a provider."""

    count: int = 0
    batches: list[Batch] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Press:
    """What messages are made with."""

    library: Library
    links: Links
    routes: Routes

    def prepare(self, session: Session, limit: int, now: datetime) -> Taken:
        """Takes up to so many due messages; the first window of each batch counts as begun with the commit."""
        if limit <= 0:
            return Taken()
        roads = read_roads(session, self.routes, now=now)
        rows = claim(session, limit=min(limit, roads.room or limit), now=now, mail=roads.room > 0)
        if not rows:
            return Taken()
        return Taken(len(rows), self._prepare(session, roads.turn_away(session, rows), roads, now))

    def _prepare(self, session: Session, rows: list[Row[Any]], roads: Roads, now: datetime) -> list[Batch]:
        rows += losers_beside(session, self.library, rows)
        people = lock_correspondents(session, self.library, rows)
        verdicts: dict[int, Verdict] = run_gate(session, self.library, rows, phase="send", now=now)
        mails = [row for row in rows if row.channel == "email" and isinstance(verdicts.get(row.id), Allow)]
        verdicts |= hold_back(session, mails, people, self.routes, roads.brakes, now=now)
        settle(session, verdicts, now=now)
        rows = fold(session, self.library, rows, verdicts, now=now)
        allowed = [(row, verdict) for row in rows if isinstance(verdict := verdicts.get(row.id), Allow)]
        emails = [(row, verdict.copies) for row, verdict in allowed if row.channel == "email"]
        self._post_in_app(session, [row for row, _ in allowed if row.channel == "in_app"], now)
        return self._start_emails(session, roads.assign(session, emails), people, roads)

    def _start_emails(
        self,
        session: Session,
        rows: Sequence[tuple[Row[Any], Sequence[int], Road]],
        people: Correspondents,
        roads: Roads,
    ) -> list[Batch]:
        batches: dict[str, Batch] = {}
        now = roads.now
        for row, copies, road in rows:
            try:
                self._insist_on_facts(session, row)
                rendered = render_email(self.library, session, row, links=self.links)
                email = people.outbound(row, rendered, copies=copies, attempt=row.fence + 1, links=self.links, now=now)
            except SQLAlchemyError:
                raise
            except Exception as error:
                _hold_broken(session, row, error, now)
                continue
            batch = batches.setdefault(road.name, Batch(road))
            batch.handovers.append(_handover(row, email, rendered, roads.elsewhere_at(row, road)))
            batch.emails.append(email)
        started = [handover.row for batch in batches.values() for handover in batch.handovers]
        if started:
            show_questions(session, self.library, started, now=now)
        for batch in batches.values():
            begun, base = batch.road.route.channel.window, self.links.public_url
            batch.id = start_attempts(
                session, batch.handovers, provider=batch.road.name, link_base=base, begun=begun, now=now
            )
        return list(batches.values())

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


def _handover(row: Row[Any], email: OutboundEmail, rendered: RenderedEmail, elsewhere_at: datetime | None) -> Handover:
    domain = domain_of(email.from_address)
    return Handover(
        row,
        email.attempt,
        email.to_address,
        rendered.sha,
        mail_id=email.mail_id,
        domain=domain,
        elsewhere_at=elsewhere_at,
    )


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
