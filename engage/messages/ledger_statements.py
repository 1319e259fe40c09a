"""The ledger's statements, each made once: to make one costs more than to run it.

Many rows travel as one bound value, `given`, that is joined like a table: one statement a window, whatever its size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Executable,
    FromClause,
    Insert,
    Subquery,
    Table,
    Text,
    Update,
    bindparam,
    cast,
    column,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from engage.channels.email.routing.tables import Brake
from engage.db.base import Json, UtcDateTime
from engage.messages import status
from engage.messages.tables import Attempt, HandoverBatch, Message

Columns = tuple[tuple[str, type[BigInteger] | type[Text]], ...]

_messages: Table = Message.__table__  # type: ignore[assignment]
_attempts: Table = Attempt.__table__  # type: ignore[assignment]
_batches: Table = HandoverBatch.__table__  # type: ignore[assignment]
_brakes: Table = Brake.__table__  # type: ignore[assignment]
_STARTED: Columns = (
    ("id", BigInteger),
    ("fence", BigInteger),
    ("place", BigInteger),
    ("sha", Text),
    ("address", Text),
    ("mail_id", Text),
    ("domain", Text),
)
_ENDED: Columns = (
    ("id", BigInteger),
    ("fence", BigInteger),
    ("outcome", Text),
    ("provider_id", Text),
    ("detail", Text),
)

_NOW = bindparam("now", type_=UtcDateTime())
IN_DOUBT = or_(_messages.c.state == status.SENDING, _messages.c.state == status.UNKNOWN)
# Spelled out, not bound: SQLite uses a partial index only where the statement repeats its words. Held messages lack
# something and are looked at by `rechecking`.
_WAITING = text("messages.state IN ('queued', 'held') AND messages.state = 'queued'")
DUE = (
    select(_messages)
    .where(_WAITING, _messages.c.due_at <= _NOW)
    .order_by(_messages.c.due_at, _messages.c.id)
    .limit(bindparam("most", type_=BigInteger))
    .with_for_update(skip_locked=True)
)
# An attempt whose turn in its batch had not come: it has not left, whatever became of its process.
NOT_BEGUN = (
    select(_batches.c.id)
    .where(_batches.c.id == _attempts.c.batch_id, _attempts.c.place >= _batches.c.begun)
    .correlate(_attempts)
    .exists()
)
# Unless the provider rests by now: another worker may have seen it fail or be told to wait.
_RESTS = (
    select(_brakes.c.name)
    .where(_brakes.c.kind == "provider", _brakes.c.name == bindparam("provider", type_=Text))
    .where(_brakes.c.since.is_not(None), or_(_brakes.c.until.is_(None), _brakes.c.until > _NOW))
    .exists()
)
BEGIN = (
    update(_batches)
    .where(_batches.c.id == bindparam("batch", type_=BigInteger), _batches.c.closed.is_(False), ~_RESTS)
    .values(begun=bindparam("up_to", type_=BigInteger))
)
DUE_BESIDE_MAIL = DUE.where(_messages.c.channel != "email")
_ACCEPTED = {"state": status.ACCEPTED, "accepted_at": _NOW, "ended_at": _NOW} | dict.fromkeys(
    ("due_at", "lease_until", "reason")
)


@cache
def start(dialect: str) -> Sequence[Executable]:
    """Notes the given attempts, and marks their messages as being handed over."""
    v = _rows(dialect, _STARTED).c
    said = {"sha": v.sha, "address": v.address, "fence": v.fence, "mail_id": v.mail_id}
    lease = {"state": status.SENDING, "lease_until": bindparam("until", type_=UtcDateTime()), "reason": None}
    base = {"link_base": bindparam("link_base", type_=Text)}
    marked = update(_messages).where(_messages.c.id == v.id).values(said | base | lease)
    return _together(dialect, begin_attempts(dialect), marked)


@cache
def end(dialect: str) -> Sequence[Executable]:
    """Ends the given attempts; the last one ends accepted messages, if they still are in doubt, and says which."""
    v = _rows(dialect, _ENDED).c
    accepted = (_messages.c.id == v.id, _messages.c.fence == v.fence, v.outcome == "accepted", IN_DOUBT)
    ended = update(_messages).where(*accepted).values(_ACCEPTED).returning(_messages.c.id)
    return _together(dialect, end_attempts(dialect), ended)


@cache
def put_back(dialect: str) -> Update:
    """Gives the given messages back to the queue, if they still are in doubt: they surely have not left."""
    v = _rows(dialect, _ENDED).c
    mine = (_messages.c.id == v.id, _messages.c.fence == v.fence, IN_DOUBT)
    later = bindparam("later", type_=UtcDateTime())
    return update(_messages).where(*mine).values(state=status.QUEUED, reason=v.detail, due_at=later, lease_until=None)


@cache
def begin_attempts(dialect: str) -> Insert:
    """Notes the given attempts."""
    v = _rows(dialect, _STARTED).c
    begun = select(
        v.id, v.fence, bindparam("provider", type_=Text), v.domain, _NOW, bindparam("batch", type_=BigInteger), v.place
    )
    names = ["message_id", "number", "provider", "domain", "started_at", "batch_id", "place"]
    return insert(_attempts).from_select(names, begun, include_defaults=False)


@cache
def end_attempts(dialect: str) -> Update:
    """Writes how the given attempts ended, unless that is known already."""
    v = _rows(dialect, _ENDED).c
    open_ = or_(_attempts.c.outcome.is_(None), _attempts.c.outcome == "unknown")
    ended = update(_attempts).where(_attempts.c.message_id == v.id, _attempts.c.number == v.fence, open_)
    return ended.values(ended_at=_NOW, outcome=v.outcome, provider_id=v.provider_id, detail=v.detail)


@cache
def end_at_once(dialect: str) -> Update:
    """Ends the given messages as accepted, without a doubt."""
    v = _rows(dialect, _STARTED).c
    return update(_messages).where(_messages.c.id == v.id).values({"fence": v.fence, "sha": v.sha} | _ACCEPTED)


def _together(dialect: str, first: Insert | Update, last: Update | ReturningUpdate[Any]) -> Sequence[Executable]:
    """Two statements over the same rows: PostgreSQL takes both at once."""
    return (last.add_cte(first.cte("first")),) if dialect == "postgresql" else (first, last)


def given(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The parameters of a statement over many rows."""
    return {"given": list(rows)}


def _rows(dialect: str, columns: Columns) -> FromClause:
    """The given rows, seen as a table with these columns."""
    rows = bindparam("given", type_=Json)
    if dialect == "postgresql":
        typed = [column(name, kind) for name, kind in columns]
        return func.jsonb_to_recordset(rows).table_valued(*typed, name="given").render_derived(with_types=True)
    return _unpacked(func.json_each(rows).table_valued("value", name="packed"), columns)


def _unpacked(packed: Any, columns: Columns) -> Subquery:
    fields = [cast(func.json_extract(packed.c.value, f"$.{name}"), kind).label(name) for name, kind in columns]
    return select(*fields).subquery("given")
