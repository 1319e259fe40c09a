"""Many rows as one bound value, joined like a table: one statement a window, whatever its size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, FromClause, Subquery, Text, bindparam, cast, column, func, select
from sqlalchemy.orm import Session

from engage.db.base import Json

Columns = tuple[tuple[str, type[BigInteger] | type[Text]], ...]


def given(session: Session, columns: Columns) -> FromClause:
    """The rows bound as `given`, seen as a table with these columns."""
    return _given(session.get_bind().dialect.name, columns)


def bound(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The parameters of a statement over `given`."""
    return {"given": list(rows)}


@lru_cache(maxsize=16)
def _given(dialect: str, columns: Columns) -> FromClause:
    rows = bindparam("given", type_=Json)
    if dialect == "postgresql":
        typed = [column(name, kind) for name, kind in columns]
        return func.jsonb_to_recordset(rows).table_valued(*typed, name="given").render_derived(with_types=True)
    return _unpacked(func.json_each(rows).table_valued("value", name="packed"), columns)


def _unpacked(packed: Any, columns: Columns) -> Subquery:
    fields = [cast(func.json_extract(packed.c.value, f"$.{name}"), kind).label(name) for name, kind in columns]
    return select(*fields).subquery("given")
