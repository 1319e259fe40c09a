"""Statements over many rows that read the same on SQLite and PostgreSQL.

PostgreSQL gets all rows as one JSON value: a statement of thousands of placeholders costs several times as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Row, Table, bindparam, cast, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session

Rows = Sequence[dict[str, Any]]
Names = tuple[str, ...]

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
    target, names = _table(table), tuple(name for name in rows[0] if name != key)
    if _is_sqlite(session):
        bound = [{f"b_{name}": value for name, value in row.items()} for row in rows]
        session.connection().execute(_update_each(target, names, key), bound)
        return
    values, each = _split(rows, key)
    statement = _update_from_json(target, names, tuple(each[0]), key)
    session.connection().execute(statement, {**values, "rows": each})


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
    target, kept = _table(table), None if overwrite is None else tuple(overwrite)
    chosen = tuple(returning or ())
    if _is_sqlite(session):
        result = session.connection().execute(_insert_each(target, tuple(rows[0]), kept, chosen), rows)
    else:
        rows = _filled(target, rows)
        values, each = _split(rows, next(iter(rows[0])))
        statement = _insert_from_json(target, tuple(rows[0]), tuple(each[0]), kept, chosen)
        result = session.connection().execute(statement, {**values, "rows": each})
    return list(result.all()) if chosen else []


# Statements are kept by their shape: to make one costs more than to run it.


@lru_cache(maxsize=256)
def _update_each(target: Table, names: Names, key: str) -> Any:
    changed = update(target).where(target.c[key] == bindparam(f"b_{key}"))
    return changed.values({name: bindparam(f"b_{name}", type_=target.c[name].type) for name in names})


@lru_cache(maxsize=256)
def _update_from_json(target: Table, names: Names, own: Names, key: str) -> Any:
    given = _given(target, own)
    return update(target).where(target.c[key] == given.c[key]).values(_columns(target, names, given))


@lru_cache(maxsize=256)
def _insert_each(target: Table, names: Names, kept: Names | None, chosen: tuple[Any, ...]) -> Any:
    return _or_else(sqlite.insert(target), names, kept, chosen)


@lru_cache(maxsize=256)
def _insert_from_json(target: Table, names: Names, own: Names, kept: Names | None, chosen: tuple[Any, ...]) -> Any:
    said = select(*_columns(target, names, _given(target, own)).values())
    statement = postgresql.insert(target).from_select(names, said, include_defaults=False)
    return _or_else(statement, names, kept, chosen)


def _or_else(statement: Any, names: Names, kept: Names | None, chosen: tuple[Any, ...]) -> Any:
    """With what happens to a row whose key exists: nothing, or everything but the kept columns is overwritten."""
    if kept is None:
        statement = statement.on_conflict_do_nothing()
    else:
        changed = {name: statement.excluded[name] for name in names if name not in kept}
        statement = statement.on_conflict_do_update(index_elements=list(kept), set_=changed)
    return statement.returning(*chosen) if chosen else statement


def _filled(target: Table, rows: Rows) -> Rows:
    """The rows with what Python would have filled in."""
    missing = [column for column in target.c if column.default is not None and column.name not in rows[0]]
    if not missing:
        return rows
    return [row | {column.name: _fill(column.default) for column in missing} for row in rows]


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


def _columns(target: Table, names: Names, given: Any) -> dict[str, Any]:
    """Each column from the row it is said in, or else from what all have in common."""
    return {name: given.c[name] if name in given.c else _common(target.c[name]) for name in names}


def _common(column: Column[Any]) -> Any:
    return cast(bindparam(f"all_{column.name}", type_=column.type), column.type)


def _given(target: Table, names: Names) -> Any:
    """The JSON value `rows` read as a table with the target's types."""
    columns = [Column(name, target.c[name].type) for name in names]
    return (
        func.jsonb_to_recordset(bindparam("rows", type_=JSONB)).table_valued(*columns).render_derived(with_types=True)
    )


def _table(table: type[DeclarativeBase] | Table) -> Table:
    found = table if isinstance(table, Table) else table.__table__
    assert isinstance(found, Table)  # noqa: S101
    return found


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
