"""Statements over many rows that read the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

# SQLite takes 32,766 bound values a statement; PostgreSQL 65,535.
_MOST_VALUES = 30_000


def insert_ignore(
    session: Session,
    table: type[DeclarativeBase] | Table,
    rows: Sequence[dict[str, Any]],
    *,
    returning: Sequence[ColumnElement[Any]] | None = None,
) -> list[Row[Any]]:
    """Inserts rows, leaves out those whose key exists; returns what was asked of the rows that are new.

    Every row must have the same keys. Rows that meet each other in the call count once.
    """
    found: list[Row[Any]] = []
    for chunk in _chunks(rows):
        statement = _insert(session)(table).values(chunk).on_conflict_do_nothing()
        if returning:
            found.extend(session.execute(statement.returning(*returning)).all())
        else:
            session.execute(statement)
    return found


def upsert(
    session: Session,
    table: type[DeclarativeBase] | Table,
    rows: Sequence[dict[str, Any]],
    *,
    key: Sequence[str],
    returning: Sequence[ColumnElement[Any]] | None = None,
) -> list[Row[Any]]:
    """Inserts rows or overwrites the given columns of those whose key exists; one row a key in a call."""
    found: list[Row[Any]] = []
    for chunk in _chunks(rows):
        statement = _insert(session)(table).values(chunk)
        changed = {name: statement.excluded[name] for name in chunk[0] if name not in key}
        statement = statement.on_conflict_do_update(index_elements=list(key), set_=changed)
        if returning:
            found.extend(session.execute(statement.returning(*returning)).all())
        else:
            session.execute(statement)
    return found


def _insert(session: Session) -> Any:
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert


def _chunks(rows: Sequence[dict[str, Any]]) -> list[Sequence[dict[str, Any]]]:
    if not rows:
        return []
    size = max(1, _MOST_VALUES // len(rows[0]))
    return [rows[start : start + size] for start in range(0, len(rows), size)]
