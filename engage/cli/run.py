"""`engage web`, `stream`, `worker` and `clock`: the long-running processes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from engage import wiring
from engage.clock import Clock
from engage.config import Settings
from engage.db.session import Database, Nudger
from engage.logs import configure_logs
from engage.worker.processes import clock_child, supervise, worker_child, worker_count
from engage.worker.supervisor import Child

LISTEN = "127.0.0.1:8000"
LISTEN_STREAM = "127.0.0.1:8001"
STREAM_PATH = "/in-app/v1/stream"


@click.command()
@click.option("--listen", default=LISTEN, show_default=True, metavar="HOST:PORT", help="Where to listen.")
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="How many processes.")
@click.option("--threads", type=click.IntRange(1, 256), default=8, show_default=True, help="Threads of each process.")
def web(listen: str, processes: int, threads: int) -> None:
    """Serve the HTTP surface: intake, hooks, in-app feed, links, console."""
    Settings.from_env()
    become_web(listen, processes=processes, threads=threads)


@click.command()
@click.option("--listen", default=LISTEN_STREAM, show_default=True, metavar="HOST:PORT", help="Where to listen.")
def stream(listen: str) -> None:
    """Tell browsers at once that their in-app inbox has changed; without it they ask now and then."""
    Settings.from_env()
    become_stream(listen)


@click.command()
@click.option("--processes", type=click.IntRange(1, 64), help="How many; default 1 on SQLite, else one for each core.")
def worker(processes: int | None) -> None:
    """Do the work: match, advance, send. Any number of machines may run it."""
    configure_logs()
    settings = Settings.from_env()
    supervise(worker_children(settings, processes))


@click.command()
def clock() -> None:
    """Nudge workers when work becomes due. Any number of machines may run it."""
    configure_logs()
    supervise([clock_process(Settings.from_env())])


def worker_children(settings: Settings, processes: int | None = None) -> list[Child]:
    """The worker processes of one machine."""
    wiring.insist_on_channel(settings)
    count = processes or worker_count(settings.database_url)
    url = wiring.redis_url(settings)
    return [worker_child(f"worker {number + 1}", lambda: wiring.worker_parts(settings), url) for number in range(count)]


def clock_process(settings: Settings) -> Child:
    """The clock of one machine."""

    def build() -> tuple[Database, Clock, Nudger]:
        engage = wiring.build(settings)
        return engage.database, engage.clock, wiring.nudger(settings)

    return clock_child(build)


def become_web(listen: str, *, processes: int = 1, threads: int = 8, stream_url: str = "") -> None:
    """Turns this process into gunicorn serving Engage; does not return."""
    # The temporary files of gunicorn's heartbeat belong in memory where the system has such a place.
    memory = Path("/dev/shm")  # noqa: S108
    beat = ["--worker-tmp-dir", str(memory)] if memory.is_dir() else []
    command = [sys.executable, "-m", "gunicorn", "engage.web.app:application()"]
    options = ["--bind", listen, "--workers", str(processes), "--threads", str(threads), "--worker-class", "gthread"]
    quiet = ["--log-level", "warning", "--graceful-timeout", "20", "--keep-alive", "15", "--no-control-socket"]
    told = ["--env", f"ENGAGE_STREAM_URL={stream_url}"] if stream_url else []
    os.execv(sys.executable, [*command, *options, *quiet, *beat, *told])  # noqa: S606


def become_stream(listen: str) -> None:
    """Turns this process into uvicorn serving the live stream; does not return."""
    host, _, port = listen.rpartition(":")
    command = [sys.executable, "-m", "uvicorn", "--factory", "engage.web.stream.serving:application"]
    options = ["--host", host, "--port", port, "--lifespan", "on", "--log-level", "warning", "--no-access-log"]
    # Browsers open their stream again by themselves, so none is waited for.
    quiet = ["--no-server-header", "--timeout-graceful-shutdown", "1", "--timeout-keep-alive", "15"]
    os.execv(sys.executable, [*command, *options, *quiet])  # noqa: S606
