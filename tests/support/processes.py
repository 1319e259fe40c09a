"""`engage` as real processes in a home of a test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def engage(*words: str, home: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """An `engage` process in a home of its own; it must end cleanly when it is asked to."""
    environment = {**os.environ, "ENGAGE_HOME": str(home), "ENGAGE_REDIS_URL": "off", **settings}
    with (home / "engage.log").open("ab") as log:
        command = [sys.executable, "-m", "engage.cli", *words]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        yield process
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def engage_done(*words: str, home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """An `engage` command that has ended, and what it said."""
    environment = {**os.environ, "ENGAGE_HOME": str(home), "ENGAGE_REDIS_URL": "off", **settings}
    command = [sys.executable, "-m", "engage.cli", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def status(port: int, path: str) -> int | None:
    """What a web process answers there; None where nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return int(error.code)
    except OSError:
        return None


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
