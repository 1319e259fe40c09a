"""What `engage clock` does: each second, a nudge for every kind that has become due."""

from __future__ import annotations

import logging

from engage.clock import Clock
from engage.db.session import Database, Nudger
from engage.errors import StoreUnavailableError
from engage.worker.due import due_kinds
from engage.worker.stopping import Stop

log = logging.getLogger(__name__)

_TICK_SECONDS = 1.0


def tick(database: Database, clock: Clock, nudger: Nudger) -> frozenset[str]:
    """Nudges what is due now, and tells what that was."""
    with database.reading() as session:
        kinds = frozenset(due_kinds(session, clock.now()))
    if kinds:
        nudger(kinds)
    return kinds


def run_clock(database: Database, clock: Clock, nudger: Nudger, stop: Stop) -> None:
    """Ticks until the stop is asked for; a database or Redis that is away only makes a tick do nothing."""
    while not stop.asked:
        try:
            tick(database, clock, nudger)
        except StoreUnavailableError:
            log.warning("the database is away: no tick")
        stop.wait(_TICK_SECONDS)
