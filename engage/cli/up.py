"""`engage up`: everything on one machine, on SQLite and an embedded Valkey; Ctrl-C ends it cleanly."""

from __future__ import annotations

import fcntl
import http.client
import logging
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from engage import wiring
from engage.cli.run import LISTEN, STREAM_PATH, become_stream, become_web, clock_process, worker_children
from engage.config import Settings
from engage.errors import ConflictError
from engage.logs import configure_logs
from engage.worker.stopping import Stop
from engage.worker.supervisor import Child, Supervisor
from engage.worker.valkey import serve_embedded


@click.command()
@click.option("--listen", default=LISTEN, show_default=True, metavar="HOST:PORT", help="Where the web part listens.")
@click.option("--quiet", is_flag=True, help="Log only what is wrong.")
def up(listen: str, quiet: bool) -> None:
    """Run web, live stream, worker and clock on this machine, data under ENGAGE_HOME."""
    configure_logs("WARNING" if quiet else "INFO")
    settings = Settings.from_env()
    with _only_one(settings.home):
        _insist_on_free(listen)
        wiring.migrate(settings)
        Supervisor(children(settings, listen), Stop.on_signals()).run(_announcer(settings, listen))
    click.echo("Engage has stopped.", err=True)


def children(settings: Settings, listen: str) -> list[Child]:
    """Every process of one machine, in the order of starting."""
    beside = _port_after(listen)
    live = [Child("stream", lambda: become_stream(beside))] if beside else []
    stream_url = settings.stream_url or (f"http://{beside}{STREAM_PATH}" if beside else "")
    web = Child("web", lambda: become_web(listen, stream_url=stream_url))
    own_valkey = settings.redis_url is None
    valkey = [Child("valkey", lambda: serve_embedded(settings.home), ground=True)] if own_valkey else []
    return [*valkey, *worker_children(settings), clock_process(settings), *live, web]


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """One `engage up` for a home: a second one is refused, and a killed one leaves nothing in the way."""
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConflictError("Engage is already up", where=str(home), hint="stop it, or set ENGAGE_HOME") from None
        yield


def _port_after(listen: str) -> str | None:
    """Where the live stream listens: at the port after the web part's; None where that is taken: browsers ask then."""
    host, _, port = listen.rpartition(":")
    beside = f"{host}:{int(port) + 1}"
    return None if _why_taken(beside) else beside


def _insist_on_free(listen: str) -> None:
    """Refuses an address that another program listens on; gunicorn would only go on trying."""
    if error := _why_taken(listen):
        hint = "perhaps another program has the port; name one with --listen HOST:PORT"
        raise ConflictError("the web part cannot listen there", where=listen, hint=hint) from error


def _why_taken(listen: str) -> Exception | None:
    host, _, port = listen.rpartition(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except (OSError, ValueError, OverflowError) as error:
            return error
    return None


def _announcer(settings: Settings, listen: str) -> Callable[[], None]:
    """Says once that all is up, as soon as the web part answers."""
    ask_until = [time.monotonic() + 60.0]

    def announce() -> None:
        if time.monotonic() < ask_until[0] and _answers(listen):
            ask_until[0] = 0.0
            click.echo(f"Engage is up: http://{listen}/console/ (data in {settings.home}). Ctrl-C stops it.", err=True)
            sys.stderr.flush()

    return announce


def _answers(listen: str) -> bool:
    host, _, port = listen.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=1.0)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    except http.client.HTTPException:
        logging.getLogger(__name__).debug("the web part does not answer yet")
        return False
    finally:
        connection.close()
