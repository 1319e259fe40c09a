"""The long-running processes, each as its supervisor's child."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable

from engage.clock import Clock
from engage.db.session import Database, Nudger
from engage.worker import jobs
from engage.worker.loop import WorkerLoop
from engage.worker.rounds import Parts, Rounds
from engage.worker.stopping import Stop
from engage.worker.supervisor import Child, Supervisor
from engage.worker.ticking import run_clock


def worker_child(name: str, build: Callable[[], Parts], redis_url: str | None) -> Child:
    """A worker process that builds its own parts after the fork."""

    def run() -> None:
        stop = Stop.on_signals(with_parent=True)
        parts = build()
        rounds = Rounds(parts)
        jobs.hold(rounds)
        gc.freeze()  # what was built to stay need not be searched for garbage again with every chunk
        gc.set_threshold(10_000, 20, 20)  # a chunk makes thousands of rows, and next to none in circles
        try:
            WorkerLoop(rounds, redis_url, stop).run()
        finally:
            parts.channel.close()
            parts.database.close()

    return Child(name, run)


def clock_child(build: Callable[[], tuple[Database, Clock, Nudger]]) -> Child:
    """The clock as a process of its own."""

    def run() -> None:
        database, clock, nudger = build()
        try:
            run_clock(database, clock, nudger, Stop.on_signals(with_parent=True))
        finally:
            database.close()

    return Child("clock", run)


def worker_count(database_url: str) -> int:
    """One on SQLite, which has one writer; else one for each core."""
    return 1 if database_url.startswith("sqlite") else os.cpu_count() or 1


def supervise(children: list[Child]) -> None:
    """Keeps the children running until SIGTERM or Ctrl-C, then ends them."""
    Supervisor(children, Stop.on_signals()).run()
