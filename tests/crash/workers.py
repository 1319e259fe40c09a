"""`engage worker` as the system runs it, to be killed without warning."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from engage.clock import Clock
from tests.support.waiting import until

PAST_EVERY_LEASE = timedelta(seconds=120)


class Workers:
    """A supervisor with its worker processes, started on a home of its own."""

    def __init__(self, home: Path, environment: dict[str, str], *, processes: int) -> None:
        self._processes = processes
        self._clock = Clock(home / "clock")
        self._environment = {**os.environ, "ENGAGE_HOME": str(home), "ENGAGE_REDIS_URL": "off", **environment}
        self._log = home / "worker.log"

    def __enter__(self) -> Workers:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._supervisor.pid, signal.SIGKILL)
        self._supervisor.wait()

    def kill(self, look: Callable[[], None], *, whole: bool = False) -> None:
        """Kills every worker process, looks while nothing runs, and lets time pass until every lease has run out."""
        os.kill(self._supervisor.pid, signal.SIGSTOP)  # so that nobody is started again before the look
        victims = children(self._supervisor.pid)
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        until(lambda: all(_is_dead(pid) for pid in victims))
        look()
        self._clock.move(PAST_EVERY_LEASE)
        if whole:
            os.killpg(self._supervisor.pid, signal.SIGKILL)
            self._supervisor.wait()
            self._start()
        else:
            os.kill(self._supervisor.pid, signal.SIGCONT)

    def _start(self) -> None:
        with self._log.open("ab") as log:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "engage.cli", "worker", "--processes", str(self._processes)],
                env=self._environment,
                stderr=log,
                start_new_session=True,
            )


def children(parent: int) -> list[int]:
    """The child processes of a process."""
    return [pid for pid in _processes() if _status(pid)[1] == parent]


def _is_dead(pid: int) -> bool:
    return _status(pid)[0] in ("Z", "")


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _status(pid: int) -> tuple[str, int]:
    """State letter and parent of a process; no letter when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return "", 0
    return fields[0], int(fields[1])
