"""Alembic's entry: brings a database to the schema of this version."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from engage.db.base import BigId, Json, OrderedJson, UtcDateTime
from engage.migrations.schema import metadata

_OURS = {repr(BigId): "BigId", repr(Json): "Json", repr(UtcDateTime()): "UtcDateTime()"}
_OURS |= {repr(OrderedJson()): "OrderedJson()"}


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Writes our column types by their names, so that a migration reads as the tables do."""
    return _OURS.get(repr(item), False) if kind == "type" else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=render_item,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
