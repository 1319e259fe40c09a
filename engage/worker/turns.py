"""Turns of set-wise work: whoever takes the turn does it, and it is not due again for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from engage.journeys.tables import Lease
from engage.journeys.turns import hold_lease, make_leases


def take_turn(session: Session, name: str, *, every: timedelta, now: datetime) -> int:
    """Takes the turn if it is due and nobody is just taking it: its number, or 0; a rollback gives it back."""
    if not hold_lease(session, name, or_(Lease.due_at.is_(None), Lease.due_at <= now)):
        return 0
    taken = update(Lease).where(Lease.name == name).values(due_at=now + every, fence=Lease.fence + 1)
    return session.execute(taken.returning(Lease.fence)).scalar_one()


def end_turn(session: Session, name: str, number: int) -> None:
    """Says that the work of a turn is done, which takes longer than the taking of it."""
    ended = _ended(name)
    make_leases(session, [ended])
    session.execute(update(Lease).where(Lease.name == ended, Lease.fence < number).values(fence=number))


def turn_is_under_way(session: Session, name: str) -> bool:
    """Whether somebody has taken the turn and has not said yet that it is done."""
    numbers = dict(session.execute(select(Lease.name, Lease.fence).where(Lease.name.in_([name, _ended(name)]))).all())
    return numbers.get(name, 0) > numbers.get(_ended(name), 0)


def _ended(name: str) -> str:
    return f"{name}:ended"
