"""Events per second over HTTP, beside a Flask endpoint that only inserts, served by the same server settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.stand import Stand, Store, batches, free_port

CONNECTIONS = 8


def measure(stand: Stand, place: Store, count: int) -> dict[str, float]:
    """Events accepted each second: Engage's intake, the plain endpoint, and their ratio."""
    web = stand.start_web()
    stand.wait_until_ready()
    key = json.loads(stand.run("keys", "create", "intake-bench", "--json"))["key"]
    bodies = batches("bench.opened", count)
    ours = count / post(stand.port, key, bodies)
    web.terminate()
    web.wait(30)
    stand.processes.remove(web)
    with _plain_endpoint(place) as port:
        plain = count / post(port, "any", bodies)
    return {"engage": ours, "insert_only": plain, "ratio": ours / plain}


def post(port: int, key: str, bodies: list[bytes]) -> float:
    """Seconds that another process needs to have every batch answered with 200."""
    with tempfile.TemporaryDirectory() as folder:
        for number, body in enumerate(bodies):
            (Path(folder) / f"{number:06}.json").write_bytes(body)
        command = [sys.executable, "-m", "tests.bench.load", str(port), key, folder, str(CONNECTIONS)]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode:
        raise SystemExit(said.stderr)
    return float(json.loads(said.stdout)["seconds"])


@contextmanager
def _plain_endpoint(place: Store) -> Iterator[int]:
    port = free_port()
    gunicorn = Path(sys.executable).parent / "gunicorn"
    options = ["-k", "gthread", "-w", "1", "--threads", "8", "-b", f"127.0.0.1:{port}", "--log-level", "error"]
    environ = {**os.environ, "BENCH_DATABASE_URL": place.url}
    command = [gunicorn, *options, "--preload", "tests.bench.peers.insert_only:create_app()"]
    with subprocess.Popen(command, env=environ) as process:
        try:
            _until(lambda: _listens(port))
            yield port
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(true: Callable[[], bool]) -> None:
    import time

    for _ in range(200):
        if true():
            return
        time.sleep(0.05)
    raise SystemExit("the plain endpoint did not come up")
