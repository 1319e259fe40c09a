"""Only a store that is away or busy is called so; a fault with what was asked stays what it is."""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from engage.db.session import Database
from engage.errors import StoreUnavailableError
from engage.events.tables import EventKey
from engage.testing import MONDAY


def test_a_faulty_statement_is_not_a_store_that_is_away(database: Database) -> None:
    with pytest.raises(DBAPIError), database.reading() as session:
        session.execute(text("SELECT no_such_column FROM accounts"))


def test_a_key_too_long_for_its_index_is_not_a_store_that_is_away(database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite's indexes hold texts of any length")
    row = {"source_id": 1, "message_id": secrets.token_hex(8_000), "received_at": MONDAY}
    with pytest.raises(DBAPIError) as caught, database.transaction() as session:
        session.execute(insert(EventKey).values(**row))
    assert row["message_id"] not in str(caught.value)


def test_a_lock_that_is_not_given_up_in_time_passes(tmp_path: Path) -> None:
    path = tmp_path / "engage.db"
    database, other = Database(f"sqlite:///{path}"), sqlite3.connect(path, isolation_level=None)
    with pytest.raises(StoreUnavailableError), database.reading() as session:
        session.execute(text("PRAGMA busy_timeout=0"))
        other.execute("BEGIN EXCLUSIVE")
        session.execute(text("CREATE TABLE anything (id)"))
    other.close()
    database.close()


def test_a_server_that_nobody_runs_is_away() -> None:
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(StoreUnavailableError), database.reading() as session:
        session.execute(text("SELECT 1"))
