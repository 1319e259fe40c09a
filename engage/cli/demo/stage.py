"""The stage of the demo: real processes over one home, spoken to by HTTP and command line, on one moved clock."""

from __future__ import annotations

import base64
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jwt
from sqlalchemy import exists, select

from engage.clock import Clock
from engage.config import environment_for
from engage.db.session import Database
from engage.errors import EngageError
from engage.messages.tables import Message
from engage.worker.due import due_kinds
from engage.worker.rounds import OCCURRENCES
from engage.worker.turns import turn_is_under_way

# Long, for a slow or busy machine: processes that have ended are noticed at once.
_PATIENCE_SECONDS = 300.0
_USUAL_PORT = 8000


class DemoError(EngageError):
    """The demo could not go on; the log of the processes says more."""

    code = "demo_failed"


@dataclass
class Stage:
    """What the story needs: to send, to travel, to run commands, to wait until all is done."""

    home: Path
    clock: Clock
    database: Database
    port: int = _USUAL_PORT
    write_key: str = ""
    in_app_key: tuple[str, str] = ("", "")  # key id and secret
    processes: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the web part of this stage is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_file(self) -> Path:
        """What the processes complained of."""
        return self.home / "up.log"

    def command(self, *words: str, stdin: str | None = None) -> str:
        """Runs an `engage` command as a user would, and returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "engage.cli", *words],
            env=self._environment(),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DemoError(done.stderr.strip() or done.stdout.strip(), where=f"engage {' '.join(words)}")
        return done.stdout

    def send(self, *events: Mapping[str, Any]) -> None:
        """Sends events over HTTP as the product of the customer would, and waits until they have had their effect."""
        body = json.dumps({"batch": [dict(event) for event in events]}, ensure_ascii=False).encode()
        key = base64.b64encode(f"{self.write_key}:".encode()).decode()
        self._http("POST", "/v1/batch", {"Content-Type": "application/json", "Authorization": f"Basic {key}"}, body)
        self.settle()

    def inbox(self, user_id: str) -> list[dict[str, Any]]:
        """What a customer sees in the product: the feed as their browser asks for it, with a token of its backend."""
        now, (kid, secret) = int(self.clock.now().timestamp()), self.in_app_key
        claims = {"sub": user_id, "aud": "engage-in-app", "iat": now, "exp": now + 600}
        token = jwt.encode(claims, secret, "HS256", headers={"kid": kid})
        asked = "/in-app/v1/feed?session=demo-summary"
        feed = self._http("GET", asked, {"Authorization": f"Bearer {token}"})
        items: list[dict[str, Any]] = [*feed["overlays"], *feed["items"]]
        return items

    def leave_example(self, kid: str, people: Mapping[str, Any]) -> None:
        """Leaves in the home what makes the web part serve the sample product, for these people."""
        said = json.dumps({"kid": kid, "people": people}, ensure_ascii=False)
        (self.home / "example.json").write_text(said, encoding="utf-8")

    def travel(self, to: datetime) -> None:
        """Moves the one clock of all processes, then waits until whatever became due is done."""
        self.clock.move(to - self.clock.now())
        self.settle()

    def settle(self) -> None:
        """Waits until nothing is due and nothing is under way."""
        self._wait_for(self._is_settled, "the work that is due")

    def _http(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            said = answer.read().decode()
            if answer.status != 200:
                raise DemoError(f"the answer was {answer.status}: {said}", where=path)
            return json.loads(said)
        finally:
            connection.close()

    def _wait_for(self, ask: Callable[[], bool], what: str) -> None:
        """Asks until the answer is yes; says why where it cannot come any more, or takes too long."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not ask():
            if self.processes is not None and self.processes.poll() is not None:
                said = self.log_file.read_text(encoding="utf-8").strip().rpartition("\n")[2]
                raise DemoError(said or "engage up has ended", where=str(self.log_file))
            if time.monotonic() > deadline:
                raise DemoError(f"{what} took longer than {_PATIENCE_SECONDS:g} seconds", where=str(self.log_file))
            time.sleep(0.1)

    def _is_settled(self) -> bool:
        with self.database.reading() as session:
            busy = session.scalar(select(exists().where(Message.state == "sending")))
            return not busy and not due_kinds(session, self.clock.now()) and not turn_is_under_way(session, OCCURRENCES)

    def _environment(self) -> dict[str, str]:
        return environment_for({"ENGAGE_HOME": str(self.home), "ENGAGE_PUBLIC_URL": self.url})

    @contextmanager
    def running(self) -> Iterator[None]:
        """Web, worker, clock and Valkey, as `engage up` runs them, for as long as the block lasts."""
        self.port = _free_port()
        words = ["-m", "engage.cli", "up", "--quiet", "--listen", f"127.0.0.1:{self.port}"]
        with self.log_file.open("ab") as log:
            process = subprocess.Popen([sys.executable, *words], env=self._environment(), stdout=log, stderr=log)
        self.processes = process
        try:
            self._wait_for(self._is_ready, "the start")
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def set_up(home: Path, at: datetime) -> Stage:
    """A stage in a home whose clock stands at an instant; nothing runs yet."""
    home.mkdir(parents=True, exist_ok=True)
    clock = Clock(home / "clock")
    clock.move(at - clock.now())
    return Stage(home=home, clock=clock, database=Database(f"sqlite:///{home / 'engage.db'}"))


def _free_port() -> int:
    """The usual port, so that links in the mails lead to a later `engage up`; another one where it is taken."""
    for wanted in (_USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
            return port
    raise DemoError("no port of this machine is free")
