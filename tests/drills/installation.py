"""One installation under attack: its home, its database, and `engage` processes as the system runs them."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from engage.clock import Clock
from engage.config import Settings, environment_for
from engage.db.session import Database
from engage.messages.ledger import LEASE
from engage.wiring import worker_parts
from engage.worker.rounds import Parts, Rounds
from tests.support.ledger import publish, queue, states
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
TOPICS = {
    "news": {"title": {"ja": "お知らせ", "en": "News"}},
    "alarms": {"title": {"ja": "警報", "en": "Alarms"}, "in_doubt": "resend"},
}
PAST_A_LEASE = LEASE + timedelta(seconds=15)  # and the sweep's turn is due, too


class Installation:
    """Processes on a home of their own; what still runs at the end is killed."""

    def __init__(self, home: Path, url: str, settings: Mapping[str, str]) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.port = free_port()
        self.database = Database(url)
        self.clock = Clock(home / "clock")
        self.root = ROOT  # where the code of processes to come is taken from
        usual = {
            "ENGAGE_HOME": str(home),
            "ENGAGE_DATABASE_URL": url,
            "ENGAGE_REDIS_URL": "off",
            "ENGAGE_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
        }
        self.environ = environment_for({**usual, **settings})
        self.processes: list[subprocess.Popen[bytes]] = []
        self._templates: dict[str, int] = {}
        self._filled = 0

    # -- processes

    def run(self, *words: str, fails: bool = False) -> str:
        """One `engage` command to its end; what it printed."""
        command = [sys.executable, "-m", "engage.cli", *words]
        done = subprocess.run(
            command, cwd=self.root, env=self.environ, capture_output=True, text=True, check=False, timeout=300
        )
        assert (done.returncode != 0) is fails, f"engage {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout + (done.stderr if fails else "")

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """One long-lived `engage` process, leader of a group of its own."""
        with (self.home / f"{words[0]}.log").open("ab") as log:
            command = [sys.executable, "-m", "engage.cli", *words]
            process = subprocess.Popen(
                command, cwd=self.root, env=self.environ, stdout=log, stderr=log, start_new_session=True
            )
        self.processes.append(process)
        return process

    def start_web(self, port: int | None = None) -> subprocess.Popen[bytes]:
        """The web process; returns when it is ready."""
        port = port or self.port
        process = self.start("web", "--listen", f"127.0.0.1:{port}")
        until(lambda: status(f"http://127.0.0.1:{port}/readyz") == 200, what="the web process being ready")
        return process

    def close(self) -> None:
        """Kills what still runs, each process group that was started here."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.database.close()

    def log(self, name: str) -> str:
        """What the processes of that name have logged."""
        path = self.home / f"{name}.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @contextmanager
    def rounds(self) -> Iterator[Rounds]:
        """The work of a worker process, done in this one: where nothing is killed, and each round may be counted."""
        with self.parts() as parts:
            yield Rounds(parts)

    @contextmanager
    def parts(self) -> Iterator[Parts]:
        """What a worker process builds for itself."""
        parts = worker_parts(Settings.from_env(self.environ))
        try:
            yield parts
        finally:
            parts.channel.close()
            parts.database.close()

    # -- the ledger

    def fill(self, count: int, **said: Any) -> list[str]:
        """So many due messages to as many contacts; their ids."""
        now = self.clock.now()
        with self.database.transaction() as session:
            self._templates = self._templates or publish(session, now=now, topics=TOPICS)
            ids = queue(session, self._templates, count, now=now, first=self._filled, **said)
        self._filled += count
        return ids

    def take_over(self, other: Installation) -> None:
        """Goes on where another one, whose store this one has, left off."""
        self._templates, self._filled = other._templates, other._filled

    def settle(self, seconds: float = 180.0) -> None:
        """Waits until nothing is left to send, and lets the leases of dead processes run out, again and again."""
        for _ in range(200):
            until(lambda: not states(self.database)["queued"], seconds=seconds, what="sending what is queued")
            in_hand = states(self.database)["sending"]
            if not in_hand:
                return
            self.clock.move(PAST_A_LEASE)
            until(lambda: states(self.database)["sending"] < in_hand, seconds=seconds, what="the sweep")  # noqa: B023
        raise AssertionError("hand-overs never end")

    # -- the intake

    def key(self, name: str = "drill") -> str:
        """A new write key."""
        return str(json.loads(self.run("keys", "create", name, "--json"))["key"])

    def url(self, path: str) -> str:
        """An address of the web process."""
        return f"http://127.0.0.1:{self.port}{path}"

    def children(self, process: subprocess.Popen[bytes]) -> list[int]:
        """The processes that one of ours has started."""
        return [child.pid for child in psutil.Process(process.pid).children()]


def free_port() -> int:
    """A port of the loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def status(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> int | None:
    """The status that an address answers with; None where nobody answers."""
    return answer(url, body, headers)[0]


def answer(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> tuple[int | None, Any]:
    """Status and headers of an answer."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, dict(headers or {})), timeout=60) as said:
            return int(said.status), said.headers
    except urllib.error.HTTPError as error:
        error.close()
        return int(error.code), error.headers
    except OSError:
        return None, {}


def with_key(key: str) -> dict[str, str]:
    """The headers of a client of the intake."""
    return {
        "Content-Type": "application/json",
        "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
    }


def is_running(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet missed does not."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def work(rounds: Rounds) -> int:
    """Rounds until nothing is due; how much was done."""
    total = 0
    while done := rounds.run_due():
        total += done
    return total
