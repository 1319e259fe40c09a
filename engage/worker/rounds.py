"""Every kind of work and the verb that does one bounded round of it; a kind that fails rests, the others go on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from engage.channels.base import EmailChannel
from engage.clock import Clock
from engage.db.session import Database
from engage.errors import StoreUnavailableError
from engage.journeys.advancing import advance
from engage.journeys.digesting import digest
from engage.journeys.occurring import enrol_occurrences
from engage.messages.delivering import deliver
from engage.messages.expiring import expire_approvals
from engage.messages.links import Links
from engage.messages.rechecking import recheck_held
from engage.messages.sweeping import sweep
from engage.releases.library import Library
from engage.worker.due import due_kinds
from engage.worker.turns import take_turn

log = logging.getLogger(__name__)

_EVENTS = 1000
_ENROLMENTS = 500
_MESSAGES = 500
_OCCURRENCES_EVERY = timedelta(minutes=1)
_SWEEP_EVERY = timedelta(seconds=15)
_LONGEST_REST = 30.0


@dataclass(frozen=True)
class Parts:
    """What the work needs; built once in each worker process."""

    database: Database
    library: Library
    links: Links
    clock: Clock
    channel: EmailChannel


def _digest(parts: Parts) -> int:
    with parts.database.transaction() as session:
        return digest(session, parts.library, now=parts.clock.now(), limit=_EVENTS)


def _occurrences(parts: Parts) -> int:
    with parts.database.transaction() as session:
        now = parts.clock.now()
        if not take_turn(session, "occurrences", every=_OCCURRENCES_EVERY, now=now):
            return 0
        return enrol_occurrences(session, parts.library, now=now)


def _advance(parts: Parts) -> int:
    with parts.database.transaction() as session:
        return advance(session, parts.library, now=parts.clock.now(), limit=_ENROLMENTS)


def _approvals(parts: Parts) -> int:
    with parts.database.transaction() as session:
        return expire_approvals(session, library=parts.library, now=parts.clock.now())


def _deliver(parts: Parts) -> int:
    # Those that waited for facts first: what they still lack decides whether they may go at all.
    with parts.database.transaction() as session:
        recheck_held(session, parts.library, now=parts.clock.now())
    return deliver(parts.database, parts.library, parts.channel, parts.links, parts.clock, limit=_MESSAGES)


def _sweep(parts: Parts) -> int:
    with parts.database.transaction() as session:
        if not take_turn(session, "sweep", every=_SWEEP_EVERY, now=parts.clock.now()):
            return 0
    return sweep(parts.database, parts.channel, parts.clock)


ROUNDS: dict[str, Callable[[Parts], int]] = {
    "digest": _digest,
    "occurrences": _occurrences,
    "advance": _advance,
    "approvals": _approvals,
    "deliver": _deliver,
    "sweep": _sweep,
}


class Rounds:
    """Runs rounds in this process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._failures: dict[str, int] = {}
        self._rest_until: dict[str, float] = {}

    def run_due(self) -> int:
        """One round of every kind that is due; tells how much was done."""
        try:
            with self._parts.database.reading() as session:
                kinds = due_kinds(session, self._parts.clock.now())
        except StoreUnavailableError:
            log.warning("the database is away: nothing is done until it is back")
            return 0
        return sum(self.run(kind) for kind in kinds)

    def run(self, kind: str) -> int:
        """One round of a kind; a failure is logged and makes the kind rest, longer each time."""
        if time.monotonic() < self._rest_until.get(kind, 0.0):
            return 0
        try:
            done = ROUNDS[kind](self._parts)
        except Exception:
            self._note_failure(kind)
            return 0
        self._failures.pop(kind, None)
        if done:
            log.info("round done", extra={"kind": kind, "count": done})
        return done

    def _note_failure(self, kind: str) -> None:
        failures = self._failures[kind] = self._failures.get(kind, 0) + 1
        rest = min(_LONGEST_REST, 0.5 * 2**failures)
        self._rest_until[kind] = time.monotonic() + rest
        log.exception("round failed", extra={"kind": kind, "again_in_seconds": rest})
