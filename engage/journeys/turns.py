"""How much of a set is looked at: all of it now and then, in between only what has changed since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, or_, select, update
from sqlalchemy.orm import Session

from engage.db.base import UtcDateTime
from engage.db.bulk import insert_ignore
from engage.db.sets import among
from engage.journeys.tables import Lease

_leases = Lease.__table__.c
_NAMED = _leases.name == bindparam("scan")
_TAKE = (
    update(Lease.__table__)  # type: ignore[arg-type]
    .where(_NAMED, or_(_leases.due_at.is_(None), _leases.due_at <= bindparam("now", type_=UtcDateTime())))
    .values(due_at=bindparam("next", type_=UtcDateTime()), fence=_leases.fence + 1)
    .returning(_leases.name)
)
_LOCK = select(_leases.name).where(_NAMED).with_for_update(skip_locked=True)
_THERE = select(_leases.name).where(among(_leases.name, "names"))
_FREE = _THERE.with_for_update(skip_locked=True)
_DUE_AT = select(_leases.due_at).where(_NAMED)


def hold_lease(session: Session, name: str, *conditions: ColumnElement[bool]) -> bool:
    """Holds a named row until the transaction ends; False at once where another holds it or a condition fails.

    Only where the row is new and another has just written it does this wait; `make_leases` can do that before.
    """
    lock, said = _LOCK.where(*conditions) if conditions else _LOCK, {"scan": name}
    if session.scalar(lock, said) is not None:
        return True
    return make_leases(session, [name]) and session.scalar(lock, said) is not None


def make_leases(session: Session, names: Sequence[str]) -> bool:
    """Writes down the named rows that are missing; whether there were any."""
    # Not by an insert that may find a conflict: PostgreSQL would wait there for whoever is changing the row.
    there = set(session.scalars(_THERE, {"names": list(names)}))
    rows = [{"name": name, "due_at": None, "fence": 0} for name in names if name not in there]
    insert_ignore(session, Lease, rows)
    return bool(rows)


def hold_leases(session: Session, names: Sequence[str]) -> set[str]:
    """Holds those of the named rows that nobody else does, until the transaction ends; they must be there."""
    return set(session.scalars(_FREE, {"names": list(names)}))


class Scan(NamedTuple):
    """How much there is to look at."""

    changed_since: datetime | None  # None when it is time to look at all; else the time of the last full look
    is_first: bool = False  # nobody has ever looked


def take_scan(session: Session, name: str, *, every: timedelta, now: datetime) -> Scan:
    """Says how much there is to look at, and notes that it was looked at all where it is time to."""
    # Full looks fall on the boundaries of the period, since that is where local days begin.
    start = datetime.fromtimestamp(now.timestamp() // every.total_seconds() * every.total_seconds(), tz=now.tzinfo)
    taken = {"scan": name, "next": start + every, "now": now}
    if session.scalar(_TAKE, taken) is not None:
        return Scan(None)
    if make_leases(session, [name]):
        session.execute(_TAKE, taken)
        return Scan(None, is_first=True)
    due_at = session.scalars(_DUE_AT, taken).one()
    return Scan(due_at - every)
