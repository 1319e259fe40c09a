"""Delivery: batches of due messages are handed over, a window between two commits, and their outcomes written.

The commit that notes a window as begun also writes the outcomes of the one before. So a process that dies leaves at
most one window in doubt and forgets none; the rest of its batch surely has not left and goes back to the queue.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engage.channels.base import WINDOW, Declined, EmailChannel, NotSent, OutboundEmail, Outcome, Unknown
from engage.channels.email.routing.health import note_outcomes
from engage.channels.email.routing.routes import Road, routes_of
from engage.clock import Clock
from engage.db.session import Database
from engage.errors import StoreUnavailableError
from engage.messages.ledger import Handover, begin_more, finish
from engage.messages.links import Links
from engage.messages.preparing import Batch, Press, Taken
from engage.messages.rendering import SECTIONS
from engage.messages.travelling import follow_carriers
from engage.releases.library import Library

log = logging.getLogger(__name__)

LARGEST_BATCH = 200
_QUICK = 2.0  # seconds that a batch may take before the next one is smaller
_LONGEST = 15.0  # seconds after which the rest of a batch goes back: its lease still runs, its gate is not forgotten
_PATIENCE = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds between tries to write outcomes down
_SLOW = NotSent("the provider is slow; left for the next round", retry_after=1)
_NOT_NOTED = NotSent("its provider rests, or its batch was given up; left for the next round", retry_after=1)

Done = TypeVar("Done")


@dataclass(slots=True)
class Pace:
    """How many messages a worker prepares at once: more while the provider is quick, for what is prepared waits."""

    size: int = WINDOW

    def learn(self, seconds: float) -> None:
        """Takes into account how long the last batch took."""
        self.size = min(self.size * 2, LARGEST_BATCH) if seconds < _QUICK else max(self.size // 2, WINDOW)


@dataclass(slots=True)
class _Outcomes:
    """How hand-overs ended, and what providers answered, as far as it is known and not yet written down."""

    unwritten: list[tuple[Handover, Outcome]] = field(default_factory=list)
    answers: list[tuple[Road, list[Outcome]]] = field(default_factory=list)

    def forget(self) -> None:
        self.unwritten, self.answers = [], []

    def write(self, session: Session, clock: Clock) -> None:
        if not self.unwritten:
            return
        finish(session, self.unwritten, now=clock.now())
        for road, outcomes in self.answers:
            note_outcomes(session, road, outcomes, now=clock.now())
        if any(SECTIONS in handover.row.inputs for handover, _ in self.unwritten):
            follow_carriers(session, now=clock.now())


def deliver(
    database: Database,
    library: Library,
    channel: EmailChannel,
    links: Links,
    clock: Clock,
    *,
    limit: int = 500,
    pace: Pace | None = None,
) -> int:
    """Hands over up to `limit` due messages, a batch at a time; returns how many it took from the queue."""
    round_ = _Round(database, Press(library, links, routes_of(channel)), clock)
    pace, taken = pace or Pace(LARGEST_BATCH), 0
    while True:
        found = round_.next_batches(min(pace.size, limit - taken))
        taken += found.count
        if not found.count:
            return taken
        started = time.monotonic()
        for batch in found.batches:
            if not round_.hand_over(batch) and not batch.road.has_other:
                limit = taken  # the provider takes nothing at the moment: write that down and stop
        if sum(len(batch.emails) for batch in found.batches) == pace.size:
            pace.learn(time.monotonic() - started)


@dataclass(frozen=True, slots=True)
class _Round:
    database: Database
    press: Press
    clock: Clock
    outcomes: _Outcomes = field(default_factory=_Outcomes)

    def next_batches(self, limit: int) -> Taken:
        """Writes down how the last window ended, and takes what is next from the queue."""
        return self._commit(lambda session: self.press.prepare(session, limit, self.clock.now()), lost=Taken())

    def hand_over(self, batch: Batch) -> bool:
        """Hands a batch over, window by window; False when the provider takes nothing more at the moment."""
        started, channel = time.monotonic(), batch.road.route.channel
        for begin in range(0, len(batch.emails), channel.window):
            end = begin + channel.window
            if begin and time.monotonic() - started > _LONGEST:
                self._leave(batch, begin, _SLOW)
                return True
            if begin and not self._may_begin(batch, end):
                self._leave(batch, begin, _NOT_NOTED)
                return False
            outcomes = _hand_over(channel, batch.emails[begin:end])
            self.outcomes.unwritten += zip(batch.handovers[begin:end], outcomes, strict=True)
            self.outcomes.answers.append((batch.road, outcomes))
            if all(isinstance(outcome, NotSent) and not isinstance(outcome, Declined) for outcome in outcomes):
                self._leave(batch, end, outcomes[-1])
                return False
        return True

    def _may_begin(self, batch: Batch, end: int) -> bool:
        """Whether it stands in the ledger that the next window begins."""

        def begin(session: Session) -> bool:
            return begin_more(session, batch.id, end, provider=batch.road.name, now=self.clock.now())

        return self._commit(begin, lost=False)

    def _leave(self, batch: Batch, begin: int, why: Outcome) -> None:
        """The rest of a batch has not been handed over: it waits for the next round."""
        self.outcomes.unwritten += [(handover, why) for handover in batch.handovers[begin:]]

    def _commit(self, work: Callable[[Session], Done], *, lost: Done) -> Done:
        """One transaction: the outcomes so far, and the work; outcomes survive a failed commit, the work is `lost`."""
        try:
            with self.database.transaction() as session:
                self.outcomes.write(session, self.clock)
                done = work(session)
            self.outcomes.forget()
            return done
        except Exception as error:
            if not self.outcomes.unwritten:
                raise
            self._write_down()
            if not isinstance(error, StoreUnavailableError | DBAPIError):
                raise
            return lost

    def _write_down(self) -> None:
        """Outcomes alone, tried for a while: what the provider said must not be lost to a deadlock or a restart."""
        for pause in _PATIENCE:
            time.sleep(pause)
            try:
                with self.database.transaction() as session:
                    self.outcomes.write(session, self.clock)
                self.outcomes.forget()
                return
            except (StoreUnavailableError, DBAPIError):
                log.warning("outcomes could not be written yet", extra={"count": len(self.outcomes.unwritten)})
        log.error("outcomes are lost; their messages become unknown", extra={"count": len(self.outcomes.unwritten)})
        self.outcomes.forget()


def _hand_over(channel: EmailChannel, emails: Sequence[OutboundEmail]) -> list[Outcome]:
    """No session is open here. A channel that breaks its word leaves its window in doubt, nothing else."""
    try:
        return channel.send(emails)
    except Exception:
        log.exception("a channel failed", extra={"channel": channel.name})
        return [Unknown("the channel failed")] * len(emails)
