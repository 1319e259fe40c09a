"""Keeps child processes running: starts them, starts them again when they die, ends them cleanly."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engage.worker.stopping import Stop, die_with_parent

log = logging.getLogger(__name__)

_GRACE_SECONDS = 20.0
_HEALTHY_SECONDS = 10.0
_LONGEST_REST = 30.0


@dataclass(frozen=True)
class Child:
    """A process to keep running: `run` is called in a fork of this one and must build what it needs itself.

    One on which others rest is `ground`: it ends after them.
    """

    name: str
    run: Callable[[], None]
    ground: bool = False


@dataclass
class _Place:
    child: Child
    pid: int | None = None
    started: float = 0.0
    failures: int = 0
    start_at: float = 0.0


class Supervisor:
    """Runs children until it is told to stop; none outlives it."""

    def __init__(self, children: Sequence[Child], stop: Stop) -> None:
        self._places = [_Place(child) for child in children]
        self._stop = stop

    def run(self, while_running: Callable[[], None] = lambda: None) -> None:
        """Keeps every child running until the stop is asked for, then ends them all."""
        try:
            while not self._stop.asked:
                self._reap()
                self._start_missing()
                while_running()
                self._stop.wait(0.2)
        finally:
            self._end_all()

    def _start_missing(self) -> None:
        for place in self._places:
            if place.pid is None and time.monotonic() >= place.start_at:
                place.pid = _fork(place.child)
                place.started = time.monotonic()
                log.info("process started", extra={"child": place.child.name, "pid": place.pid})

    def _reap(self) -> None:
        for place in self._places:
            if place.pid is None:
                continue
            pid, status = os.waitpid(place.pid, os.WNOHANG)
            if pid:
                self._note_end(place, os.waitstatus_to_exitcode(status))

    def _note_end(self, place: _Place, code: int) -> None:
        lived = time.monotonic() - place.started
        # Killed from outside is no fault of its own; one that keeps failing by itself rests longer each time.
        place.failures = 0 if code < 0 or lived > _HEALTHY_SECONDS else place.failures + 1
        rest = min(_LONGEST_REST, 0.5 * 2**place.failures) if place.failures else 0.0
        log.warning(
            "process ended, starting it again",
            extra={"child": place.child.name, "pid": place.pid, "exit_code": code, "after_seconds": rest},
        )
        place.pid, place.start_at = None, time.monotonic() + rest

    def _end_all(self) -> None:
        for ground in (False, True):
            _end([place for place in self._places if place.child.ground is ground])


def _end(places: Sequence[_Place]) -> None:
    _signal(places, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_SECONDS
    while _any_left(places) and time.monotonic() < deadline:
        time.sleep(0.02)
    _signal(places, signal.SIGKILL)
    while _any_left(places):
        time.sleep(0.02)


def _any_left(places: Sequence[_Place]) -> bool:
    for place in places:
        if place.pid is not None and os.waitpid(place.pid, os.WNOHANG)[0]:
            place.pid = None
    return any(place.pid is not None for place in places)


def _signal(places: Sequence[_Place], number: signal.Signals) -> None:
    for place in places:
        if place.pid is not None:
            os.kill(place.pid, number)


def _fork(child: Child) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        die_with_parent()
        if os.getppid() == parent:
            child.run()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        log.exception("process failed", extra={"child": child.name})
    finally:
        os._exit(code)
