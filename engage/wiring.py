"""Builds everything from the settings; nothing is built at import."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url, text

from engage.clock import Clock, VirtualClock
from engage.config import Settings
from engage.db.session import Database, Nudger, backend_of
from engage.ids import Seal
from engage.language.defaults import Defaults
from engage.messages.links import Links
from engage.releases.library import Library
from engage.worker.valkey import embedded_url

if TYPE_CHECKING:
    from engage.channels.base import SuppressionLists
    from engage.rollout.stage import Stage
    from engage.worker.rounds import Parts

# What only some processes need (RQ, channels, migrations) is imported where it is used: a command starts sooner.


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
        library=Library(defaults_of(settings), Seal(settings.secret_key, settings.former_secret_keys)),
        links=links_of(settings),
    )


def defaults_of(settings: Settings) -> Defaults:
    """What holds where nobody said otherwise, as the settings want it."""
    return Defaults(
        locale=settings.default_locale,
        time_zone=settings.default_timezone,
        follows_clicks=settings.click_tracking,
        sending_domains=settings.sending_domains,
        reply_address=settings.reply_address,
    )


def links_of(settings: Settings) -> Links:
    """The links of mails, as the settings want them."""
    made = Links(settings.secret_key, settings.link_url, former_secrets=settings.former_secret_keys)
    return made if settings.click_tracking else made.straight


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
    from engage.channels.calls.endpoints import Calls
    from engage.channels.email.mailbox import mailbox_of
    from engage.channels.email.opening import open_channel, open_lists
    from engage.messages.thresholds import read_thresholds
    from engage.worker.rounds import Parts

    engage = build(settings)
    return Parts(
        database=engage.database,
        library=engage.library,
        links=engage.links,
        clock=engage.clock,
        channel=open_channel(settings),
        calls=Calls.of(settings),
        mailboxes=tuple(mailbox_of(url) for url in settings.mailbox_url),
        lists=open_lists(settings),
        thresholds=read_thresholds(settings.pause_at),
        public_url=settings.public_url,
    )


def suppression_lists(settings: Settings) -> Sequence[SuppressionLists]:
    """The lists of those providers that keep any, ready to be asked."""
    from engage.channels.email.opening import open_lists

    return open_lists(settings)


def insist_on_provider(settings: Settings, name: str) -> None:
    """Refuses the name of a provider that the settings do not name."""
    from engage.channels.email.opening import open_channel
    from engage.errors import NotFoundError

    routes = open_channel(settings)
    routes.close()
    names = [route.name for route in routes.each]
    if name not in names:
        raise NotFoundError(f"there is no provider {name}", hint=f"ENGAGE_EMAIL_URL names {', '.join(names)}")


def insist_on_channel(settings: Settings) -> None:
    """Refuses settings that name no way to send or read mail, before a process is started that would only fail."""
    from engage.channels.email.mailbox import mailbox_of
    from engage.channels.email.opening import open_channel
    from engage.messages.thresholds import read_thresholds

    open_channel(settings).close()
    for url in settings.mailbox_url:
        mailbox_of(url)
    read_thresholds(settings.pause_at)


def redis_url(settings: Settings) -> str | None:
    """Where nudges go: the Redis of the settings, the home's embedded Valkey, or None when it is `off`."""
    if settings.redis_url == "off":
        return None
    return settings.redis_url or embedded_url(settings.home)


def nudger(settings: Settings) -> Nudger:
    """What sends nudges after a commit; without Redis it does nothing, since workers poll."""
    url = redis_url(settings)
    return _first_when_needed(url) if url else _no_nudge


def migrate(settings: Settings) -> None:
    """Brings the database to the schema of this version."""
    database = Database(settings.database_url)
    try:
        _insist_on_answer(database)
        make_tables(database)
    finally:
        database.close()


def make_tables(database: Database) -> None:
    """Makes the tables of this version in a scratch store that is open already."""
    from engage.migrations import upgrading

    upgrading.upgrade(database)


@contextmanager
def empty_stage(settings: Settings, begin: datetime, *, migrated: bool = True) -> Iterator[Stage]:
    """A stage that knows nothing yet, on a store of its own that goes away again."""
    from engage.rollout.stage import Stage

    with tempfile.TemporaryDirectory(prefix="engage-simulation-") as folder:
        scratch = replace(settings, database_url=f"sqlite:///{Path(folder) / 'scratch.db'}", redis_url="off")
        if migrated:
            migrate(scratch)
        built = build(scratch)
        try:
            yield Stage(built.database, built.library, built.links, VirtualClock(begin))
        finally:
            built.close()


@contextmanager
def present_stage(
    settings: Settings, source: Database, begin: datetime, accounts: Sequence[str] = ()
) -> Iterator[Stage]:
    """A stage with everything as it stands now; with `accounts`, only theirs goes on."""
    from engage.rollout.copying import copy_present, keep_only

    with empty_stage(settings, begin, migrated=source.dialect != "sqlite") as stage:
        copy_present(source, stage.database)
        if accounts:
            with stage.database.transaction() as session:
                keep_only(session, accounts)
        yield stage


def is_new_file(database_url: str) -> bool:
    """Whether the database is a SQLite file that nobody has made yet."""
    if backend_of(database_url) != "sqlite":
        return False
    file = make_url(database_url).database
    return bool(file) and not Path(str(file)).exists()


def is_migrated(database: Database) -> bool:
    """Whether the database has the schema of this version; says so when it does not answer at all."""
    from engage.migrations import upgrading

    _insist_on_answer(database)
    return upgrading.is_current(database)


def _insist_on_answer(database: Database) -> None:
    with database.reading() as session:
        session.execute(text("SELECT 1"))


def _first_when_needed(url: str) -> Nudger:
    @cache
    def nudges() -> Nudger:
        from engage.worker.nudges import Nudges

        return Nudges(url)

    return lambda kinds: nudges()(kinds)


def _no_nudge(_kinds: frozenset[str]) -> None:
    return
