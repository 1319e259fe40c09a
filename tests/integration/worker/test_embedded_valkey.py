"""The embedded Valkey as a real process."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as NotThereError

from engage.worker.valkey import embedded_url
from tests.support.waiting import until

PROGRAM = (
    "import sys; from pathlib import Path; from engage.worker.valkey import serve_embedded as s; s(Path(sys.argv[1]))"
)


@contextmanager
def served(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], Redis]]:
    running = subprocess.Popen([sys.executable, "-c", PROGRAM, str(home)], cwd=Path(__file__).parents[3])
    with Redis.from_url(embedded_url(home)) as connection:
        until(lambda: answers(connection, running.pid))
        try:
            yield running, connection
        finally:
            running.kill()
            running.wait()


def answers(connection: Redis, pid: int) -> bool:
    """Whether this process serves; the one before it may go while it is asked."""
    try:
        return bool(connection.info()["process_id"] == pid)
    except NotThereError:
        return False


def test_data_outlive_a_clean_end(tmp_path: Path) -> None:
    with served(tmp_path) as (server, connection):
        connection.set("kept", "yes")
        server.send_signal(signal.SIGTERM)
        server.wait(10)
    with served(tmp_path) as (_, connection):
        assert connection.get("kept") == b"yes"


def test_a_server_that_a_killed_parent_left_is_ended_first(tmp_path: Path) -> None:
    with served(tmp_path) as (orphan, connection):
        connection.set("kept", "yes")
        with served(tmp_path) as (_, second):
            assert orphan.wait(10) == 0
            assert second.get("kept") == b"yes"


def test_a_deep_home_still_gets_a_socket(tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 30)
    with served(home) as (_, connection):
        assert connection.ping()
