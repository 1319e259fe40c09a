"""Builds everything from the settings; nothing is built at import."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url, text

from engage.channels.email.opening import open_channel
from engage.clock import Clock
from engage.config import Settings
from engage.db.session import Database, Nudger
from engage.language.vocabulary import Defaults
from engage.messages.links import Links
from engage.releases.library import Library
from engage.worker.nudges import Nudges
from engage.worker.valkey import embedded_url

if TYPE_CHECKING:
    from engage.worker.rounds import Parts

# What only workers or migrations need is imported where it is used, so that a command answers sooner.


@dataclass(frozen=True)
class Engage:
    """One installation, as a request, a command or a job holds it."""

    settings: Settings
    clock: Clock
    database: Database
    library: Library
    links: Links

    def close(self) -> None:
        """Gives all connections back."""
        self.database.close()


def build(settings: Settings | None = None) -> Engage:
    """Everything a web process or a command needs; connects only when used, so build it after a fork."""
    settings = settings or Settings.from_env()
    return Engage(
        settings=settings,
        clock=Clock(settings.clock_file),
        database=Database(settings.database_url, nudger=nudger(settings)),
        library=Library(Defaults(locale=settings.default_locale, time_zone=settings.default_timezone)),
        links=Links(settings.secret_key, settings.public_url),
    )


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Engage]:
    """Engage for as long as the block lasts; a SQLite file that is not there yet is made, schema and all."""
    settings = settings or Settings.from_env()
    if is_new_file(settings.database_url):
        migrate(settings)
    engage = build(settings)
    try:
        yield engage
    finally:
        engage.close()


def worker_parts(settings: Settings) -> Parts:
    """Everything a worker process needs."""
    from engage.worker.rounds import Parts

    engage = build(settings)
    return Parts(
        database=engage.database,
        library=engage.library,
        links=engage.links,
        clock=engage.clock,
        channel=open_channel(settings),
    )


def redis_url(settings: Settings) -> str | None:
    """Where nudges go: the Redis of the settings, the home's embedded Valkey, or None when it is `off`."""
    if settings.redis_url == "off":
        return None
    return settings.redis_url or embedded_url(settings.home)


def nudger(settings: Settings) -> Nudger:
    """What sends nudges after a commit; without Redis it does nothing, since workers poll."""
    url = redis_url(settings)
    return Nudges(url) if url else _no_nudge


def migrate(settings: Settings) -> None:
    """Brings the database to the schema of this version."""
    from engage.migrations import upgrading

    database = Database(settings.database_url)
    try:
        upgrading.upgrade(database)
    finally:
        database.close()


def is_new_file(database_url: str) -> bool:
    """Whether the database is a SQLite file that nobody has made yet."""
    url = make_url(database_url)
    return url.get_backend_name() == "sqlite" and bool(url.database) and not Path(str(url.database)).exists()


def is_migrated(database: Database) -> bool:
    """Whether the database has the schema of this version; says so when it does not answer at all."""
    from engage.migrations import upgrading

    with database.reading() as session:
        session.execute(text("SELECT 1"))
    return upgrading.is_current(database)


def _no_nudge(_kinds: frozenset[str]) -> None:
    return
