"""Turns of set-wise work: whoever takes the turn does it, and it is not due again for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.journeys.tables import Lease


def take_turn(session: Session, name: str, *, every: timedelta, now: datetime) -> bool:
    """Takes the turn if it is due; a rollback gives it back, and nobody else can hold it meanwhile."""
    insert_ignore(session, Lease, [{"name": name, "due_at": None, "fence": 0}])
    taken = session.scalars(
        update(Lease)
        .where(Lease.name == name, or_(Lease.due_at.is_(None), Lease.due_at <= now))
        .values(due_at=now + every, fence=Lease.fence + 1)
        .returning(Lease.name)
        .execution_options(synchronize_session=False)
    )
    return taken.one_or_none() is not None
