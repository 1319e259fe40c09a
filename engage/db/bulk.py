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

MANY = 20  # from so many rows on, a value that all have is worth a look and a statement of its own shape


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
    values, each = _split(rows, key)
    given = _given(target, tuple(each[0]))
    matched = update(target).where(target.c[key] == given.c[key])
    session.connection().execute(matched.values(_columns(target, names, given)), {**values, "rows": each})


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
    values: Any = rows
    if _is_sqlite(session):
        statement: Any = sqlite.insert(target)
    else:
        statement, values = _from_json(target, rows)
    if overwrite is None:
        statement = statement.on_conflict_do_nothing()
    else:
        changed = {name: statement.excluded[name] for name in names if name not in overwrite}
        statement = statement.on_conflict_do_update(index_elements=list(overwrite), set_=changed)
    if returning:
        statement = statement.returning(*returning)
    result = session.connection().execute(statement, values)
    return list(result.all()) if returning else []


def _from_json(target: Table, rows: Rows) -> tuple[Any, dict[str, Any]]:
    """An insert from the JSON value `rows`, and the values it needs with what Python would have filled in."""
    defaults = {
        column.name: column.default for column in target.c if column.default is not None and column.name not in rows[0]
    }
    if defaults:
        rows = [row | {name: _fill(default) for name, default in defaults.items()} for row in rows]
    names = tuple(rows[0])
    values, each = _split(rows, names[0])
    chosen = select(*_columns(target, names, _given(target, tuple(each[0]))).values())
    return postgresql.insert(target).from_select(names, chosen, include_defaults=False), {**values, "rows": each}


def _fill(default: Any) -> Any:
    return default.arg(None) if default.is_callable else default.arg


def _split(rows: Rows, key: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What all of many rows have in common, said once, and each row without it; the key stays in the rows."""
    if len(rows) < MANY:
        return {}, list(rows)
    first, shared = rows[0], {}
    for name, value in first.items():
        if name != key and all(row[name] == value for row in rows):
            shared[name] = value
    own = [name for name in first if name not in shared]
    return {f"all_{name}": value for name, value in shared.items()}, [{name: row[name] for name in own} for row in rows]


def _columns(target: Table, names: Sequence[str], given: Any) -> dict[str, Any]:
    """Each column from the row it is said in, or else from what all have in common."""
    return {name: given.c[name] if name in given.c else _common(target.c[name]) for name in names}


def _common(column: Column[Any]) -> Any:
    return cast(bindparam(f"all_{column.name}", type_=column.type), column.type)


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
