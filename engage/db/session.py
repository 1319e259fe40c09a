"""Engines and transactions: the edge opens one, the verbs fill it, nudges leave after the commit."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.orm import Session

from engage.errors import ConflictError, EngageError, InputError, StoreUnavailableError

# PostgreSQL's refusals that pass by themselves begin so: connection, lost race, resources, lock, operator, system.
_PASSING = frozenset({"08", "40", "53", "55", "57", "58"})
_PASSING_IN_SQLITE = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL,
})  # fmt: skip
_OPTIONS = "-c timezone=UTC -c random_page_cost=1"

Nudger = Callable[[frozenset[str]], None]


def nudge(session: Session, kind: str) -> None:
    """Notes that due work of a kind may exist; said to the queue only after the commit."""
    session.info.setdefault("nudges", set()).add(kind)


def dialect_of(session: Session) -> str:
    """The dialect that the session's database speaks: `sqlite` or `postgresql`."""
    return session.get_bind().dialect.name


def backend_of(url: str) -> str:
    """`sqlite` or `postgresql`; InputError for what is no address of such a database."""
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError:
        backend = ""
    if backend not in ("sqlite", "postgresql"):
        hint = "sqlite:///file, or postgresql+psycopg://user:password@host/name"
        raise InputError("this is no address of a database that Engage speaks", where="ENGAGE_DATABASE_URL", hint=hint)
    return backend


class Database:
    """One database: transactions that write, sessions that only read."""

    def __init__(self, url: str, *, nudger: Nudger | None = None, pool_size: int = 10) -> None:
        self.url = url
        self.engine = _engine(url, pool_size)
        self.dialect = self.engine.dialect.name
        self.nudger = nudger

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end and then nudges; an exception rolls everything back."""
        with self._session(writes=True) as session:
            yield session
            session.commit()
            nudges = frozenset(session.info.pop("nudges", ()))
        if nudges and self.nudger is not None:
            self.nudger(nudges)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reading; whatever it did is rolled back."""
        with self._session(writes=False) as session:
            yield session

    def close(self) -> None:
        """Gives all connections back."""
        self.engine.dispose()

    @contextmanager
    def _session(self, *, writes: bool) -> Iterator[Session]:
        engine = self.engine.execution_options(engage_writes=writes)
        session = Session(engine, expire_on_commit=False)
        try:
            yield session
        except DBAPIError as error:
            session.rollback()
            known = _in_our_words(error)
            if known is None:
                raise
            raise known from error
        finally:
            session.close()


def _in_our_words(error: DBAPIError) -> EngageError | None:
    """What a refusal of the database means for whoever asked; None for a fault of our own statement."""
    if "no such table" in str(error.orig) or type(error.orig).__name__ == "UndefinedTable":
        return ConflictError("the database has no tables yet", code="not_migrated", hint="run: engage db upgrade")
    if _is_away(error):
        return StoreUnavailableError("the database did not answer", hint="try again shortly")
    return None


def is_passing(error: Exception) -> bool:
    """Whether the store is away or was busy, so that the same work may well succeed later."""
    known = _in_our_words(error) if isinstance(error, DBAPIError) else error
    return isinstance(known, StoreUnavailableError) or (isinstance(error, DBAPIError) and known is not None)


def _is_away(error: DBAPIError) -> bool:
    """Whether the database could not be reached or had no time; not that it found a fault with what was asked."""
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _PASSING_IN_SQLITE
    state = getattr(error.orig, "sqlstate", None)
    return state is None or state[:2] in _PASSING


def _engine(url: str, pool_size: int) -> Engine:
    try:
        return _sqlite_engine(url) if backend_of(url) == "sqlite" else _postgresql_engine(url, pool_size)
    except ModuleNotFoundError as error:
        hint = "pip install 'engage[postgres]', and begin the address with postgresql+psycopg://"
        raise InputError(f"the driver {error.name} is not here", where="ENGAGE_DATABASE_URL", hint=hint) from error


def _postgresql_engine(url: str, pool_size: int) -> Engine:
    # prepare_threshold=None: a plan prepared while the queue tables were empty would stick to the connection.
    # random_page_cost=1: what is due lies in memory. Else a queue that stale statistics call short is read as a whole
    # and sorted for every claim, not read in its order.
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=10,
        pool_pre_ping=True,
        hide_parameters=True,  # what customers told us has no place in a log
        json_serializer=_to_json,
        json_deserializer=_from_json,
        connect_args={"prepare_threshold": None, "connect_timeout": 5, "options": _OPTIONS},
    )


def _sqlite_engine(url: str) -> Engine:
    connecting = {"timeout": 30, "isolation_level": None}
    engine = create_engine(
        url,
        json_serializer=_to_json,
        json_deserializer=_from_json,
        hide_parameters=True,
        connect_args=connecting,
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A writer says so at once: a read that turns into a write would fail instead of waiting its turn.
        writes = connection.get_execution_options().get("engage_writes", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _to_json(value: object) -> str:
    try:
        return orjson.dumps(value, default=_plain).decode()
    except TypeError:  # whole numbers of more than 64 bits, names that are numbers, halves of characters
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _from_json(value: bytes | str) -> Any:
    return orjson.loads(value)


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")
