"""Starting and ending the stand-ins from a test."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any


@dataclass
class Running:
    """A stand-in that listens."""

    port: int
    log: Path
    process: subprocess.Popen[str]
    certificate: Path | None = None  # where it speaks TLS: the file with its certificate

    @property
    def url(self) -> str:
        """Where its API is."""
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}"

    def control(self, name: str, **said: Any) -> Any:
        """Tells the SendGrid stand-in what to do: `moods`, `events` or `suppressions`; says what it answered."""
        request = urllib.request.Request(f"{self.url}/control/{name}", json.dumps(said).encode() if said else None)
        trust = ssl.create_default_context(cafile=self.certificate) if self.certificate else None
        with urllib.request.urlopen(request, timeout=60, context=trust) as answer:
            return json.load(answer)

    def lines(self) -> list[str]:
        """What its log holds so far."""
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []


@contextmanager
def smtp_sink(log: Path, *options: str) -> Iterator[Running]:
    """An SMTP sink in its own process."""
    with _running("tests.servers.smtp_sink", log, *options) as server:
        yield server


@contextmanager
def smtp_submission(log: Path, *options: str) -> Iterator[Running]:
    """A mail server that asks for TLS and a login, in its own process."""
    with _running("tests.servers.smtp_submission", log, *options) as server:
        yield server


@contextmanager
def imap_box(box: Path, log: Path, *options: str) -> Iterator[Running]:
    """A mailbox over the files of a folder, in its own process."""
    with _running("tests.servers.imap_box", log, "--box", str(box), *options) as server:
        yield server


@contextmanager
def fake_sendgrid(log: Path, *options: str, certificate: Path | None = None) -> Iterator[Running]:
    """A SendGrid stand-in in its own process; with a certificate (and its key, in one file) over TLS."""
    tls = ("--tls", str(certificate)) if certificate else ()
    with _running("tests.servers.fake_sendgrid", log, *options, *tls) as server:
        yield replace(server, certificate=certificate)


@contextmanager
def fake_slack(log: Path, *options: str) -> Iterator[Running]:
    """A stand-in for Slack's incoming webhooks in its own process."""
    with _running("tests.servers.fake_slack", log, *options) as server:
        yield server


def accepted_ids(server: Running) -> list[str]:
    """The message ids in a stand-in's own log, one for each acceptance."""
    return [json.loads(line)["message_id"] if line.startswith("{") else line.split(" ")[0] for line in server.lines()]


@contextmanager
def _running(module: str, log: Path, *options: str) -> Iterator[Running]:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", module, "--log", str(log), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        try:
            yield Running(int(process.stdout.readline()), log, process)
        finally:
            process.kill()
