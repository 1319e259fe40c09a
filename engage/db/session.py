"""Engines and transactions: the edge opens one, the verbs fill it, nudges leave after the commit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from engage.errors import ConflictError, EngageError, StoreUnavailableError

_DECODER = json.JSONDecoder()
_OPTIONS = "-c timezone=UTC -c random_page_cost=1"

Nudger = Callable[[frozenset[str]], None]


def nudge(session: Session, kind: str) -> None:
    """Notes that due work of a kind may exist; said to the queue only after the commit."""
    session.info.setdefault("nudges", set()).add(kind)


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
    if isinstance(error, OperationalError) or error.connection_invalidated:
        return StoreUnavailableError("the database did not answer", hint="try again shortly")
    return None


def _engine(url: str, pool_size: int) -> Engine:
    if url.startswith("sqlite"):
        return _sqlite_engine(url)
    # prepare_threshold=None: a plan prepared while the queue tables were empty would stick to the connection.
    # random_page_cost=1: what is due lies in memory. Else a queue that stale statistics call short is read as a whole
    # and sorted for every claim, not read in its order.
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=10,
        pool_pre_ping=True,
        json_serializer=_to_json,
        json_deserializer=_from_json,
        connect_args={"prepare_threshold": None, "connect_timeout": 5, "options": _OPTIONS},
    )


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, json_serializer=_to_json, connect_args={"timeout": 30, "isolation_level": None})

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
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _from_json(value: bytes) -> Any:
    """What PostgreSQL writes needs no guess at its encoding and no search for its beginning."""
    return _DECODER.raw_decode(value.decode())[0]


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")
