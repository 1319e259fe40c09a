"""Statements over many rows that read the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session


def insert_ignore(
    session: Session,
    table: type[DeclarativeBase] | Table,
    rows: Sequence[dict[str, Any]],
    *,
    returning: Sequence[Any] | None = None,
) -> list[Row[Any]]:
    """Inserts rows, leaves out those whose key exists; returns what was asked of the rows that are new.

    Every row must have the same keys. Rows that meet each other in the call count once.
    """
    # Rows are bound, not written into the statement: it is compiled once and costs a sixth.
    return _run(session, _insert(session)(table).on_conflict_do_nothing(), rows, returning)


def upsert(
    session: Session,
    table: type[DeclarativeBase] | Table,
    rows: Sequence[dict[str, Any]],
    *,
    key: Sequence[str],
    returning: Sequence[Any] | None = None,
) -> list[Row[Any]]:
    """Inserts rows or overwrites the given columns of those whose key exists; one row a key in a call."""
    if not rows:
        return []
    statement = _insert(session)(table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    return _run(session, statement.on_conflict_do_update(index_elements=list(key), set_=changed), rows, returning)


def _run(
    session: Session, statement: Any, rows: Sequence[dict[str, Any]], returning: Sequence[Any] | None
) -> list[Row[Any]]:
    if not rows:
        return []
    if returning:
        return list(session.execute(statement.returning(*returning), rows).all())
    session.execute(statement, rows)
    return []


def _insert(session: Session) -> Any:
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
