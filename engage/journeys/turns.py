"""How much of a set is looked at: all of it now and then, in between only what has changed since."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.journeys.tables import Lease


def take_scan(session: Session, name: str, *, every: timedelta, now: datetime) -> datetime | None:
    """None when it is time to look at all; else the time of the last full look."""
    due_at = session.scalar(select(Lease.due_at).where(Lease.name == name))
    if due_at is not None and now < due_at:
        return due_at - every
    # Full looks fall on the boundaries of the period, since that is where local days begin.
    start = datetime.fromtimestamp(now.timestamp() // every.total_seconds() * every.total_seconds(), tz=now.tzinfo)
    insert_ignore(session, Lease, [{"name": name, "due_at": None, "fence": 0}])
    session.execute(update(Lease).where(Lease.name == name).values(due_at=start + every, fence=Lease.fence + 1))
    return None
