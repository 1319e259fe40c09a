"""Statements over many rows that read the same on SQLite and PostgreSQL.

PostgreSQL gets all rows as one JSON value: a statement of thousands of placeholders costs several times as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Column, Row, Table, bindparam, cast, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session

Rows = Sequence[dict[str, Any]]


def insert_ignore(
    session: Session,
    table: type[DeclarativeBase] | Table,
    rows: Rows,
    *,
    returning: Sequence[Any] | None = None,
) -> list[Row[Any]]:
    """Inserts rows, leaves out those whose key exists; returns what was asked of the rows that are new.

    Every row must have the same keys. Rows that meet each other in the call count once.
    """
    return _insert(session, table, rows, returning, overwrite=None)


def upsert(
    session: Session,
    table: type[DeclarativeBase] | Table,
    rows: Rows,
    *,
    key: Sequence[str],
    returning: Sequence[Any] | None = None,
) -> list[Row[Any]]:
    """Inserts rows or overwrites the given columns of those whose key exists; one row a key in a call."""
    return _insert(session, table, rows, returning, overwrite=key)


def update_rows(session: Session, table: type[DeclarativeBase] | Table, rows: Rows, *, key: str = "id") -> None:
    """Gives each row found by its key the other values; every row must have the same keys."""
    if not rows:
        return
    session.flush()
    target, names = _table(table), [name for name in rows[0] if name != key]
    if _is_sqlite(session):
        changed = update(target).where(target.c[key] == bindparam(f"b_{key}"))
        values = {name: bindparam(f"b_{name}", type_=target.c[name].type) for name in names}
        bound = [{f"b_{name}": value for name, value in row.items()} for row in rows]
        session.connection().execute(changed.values(values), bound)
        return
    given = _given(target, (key, *names))
    matched = update(target).where(target.c[key] == given.c[key])
    session.connection().execute(matched.values({name: given.c[name] for name in names}), {"rows": list(rows)})


def _insert(
    session: Session,
    table: type[DeclarativeBase] | Table,
    rows: Rows,
    returning: Sequence[Any] | None,
    *,
    overwrite: Sequence[str] | None,
) -> list[Row[Any]]:
    if not rows:
        return []
    session.flush()
    target, names = _table(table), tuple(rows[0])
    if _is_sqlite(session):
        statement: Any = sqlite.insert(target)
    else:
        statement, rows = _from_json(target, rows)
    if overwrite is None:
        statement = statement.on_conflict_do_nothing()
    else:
        changed = {name: statement.excluded[name] for name in names if name not in overwrite}
        statement = statement.on_conflict_do_update(index_elements=list(overwrite), set_=changed)
    if returning:
        statement = statement.returning(*returning)
    values: Any = rows if _is_sqlite(session) else {"rows": list(rows)}
    result = session.connection().execute(statement, values)
    return list(result.all()) if returning else []


def _from_json(target: Table, rows: Rows) -> tuple[Any, Rows]:
    """An insert from the JSON value `rows`, and the rows with what Python would have filled in."""
    defaults = {
        column.name: column.default for column in target.c if column.default is not None and column.name not in rows[0]
    }
    if defaults:
        rows = [row | {name: _fill(default) for name, default in defaults.items()} for row in rows]
    names = tuple(rows[0])
    return postgresql.insert(target).from_select(names, select(*_given(target, names).c), include_defaults=False), rows


def _fill(default: Any) -> Any:
    return default.arg(None) if default.is_callable else default.arg


@lru_cache(maxsize=256)
def _given(target: Table, names: tuple[str, ...]) -> Any:
    """The JSON value `rows` read as a table with the target's types."""
    columns = [Column(name, target.c[name].type) for name in names]
    return (
        func.jsonb_to_recordset(cast(bindparam("rows", type_=JSON), JSONB))
        .table_valued(*columns)
        .render_derived(with_types=True)
    )


def _table(table: type[DeclarativeBase] | Table) -> Table:
    found = table if isinstance(table, Table) else table.__table__
    assert isinstance(found, Table)  # noqa: S101
    return found


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
