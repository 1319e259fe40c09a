"""Days on which a colleague is away: noted ahead, taken back, listed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.errors import InputError, NotFoundError
from engage.staff.tables import Absence, StaffMember

LONGEST = timedelta(days=366)


def note_absence(session: Session, member: StaffMember, first_day: date, last_day: date) -> None:
    """Notes that a colleague is away from the first day to the last; the same twice is once."""
    if last_day < first_day:
        raise InputError("the last day is before the first", code="bad_absence", where=f"{first_day} to {last_day}")
    if last_day - first_day >= LONGEST:
        raise InputError("an absence is at most a year", code="long_absence", hint="who has left is set inactive")
    insert_ignore(session, Absence, [{"staff_id": member.id, "first_day": first_day, "last_day": last_day}])


def forget_absence(session: Session, member: StaffMember, absence_id: int) -> None:
    """Takes one absence back."""
    mine = delete(Absence).where(Absence.id == absence_id, Absence.staff_id == member.id)
    if session.execute(mine.returning(Absence.id)).first() is None:
        raise NotFoundError("there is no such absence", where=member.email)


def absences_of(session: Session, staff_id: int, *, since: date) -> Sequence[Absence]:
    """A colleague's absences that are not over, the next first."""
    mine = (Absence.staff_id == staff_id, Absence.last_day >= since)
    return session.scalars(select(Absence).where(*mine).order_by(Absence.first_day, Absence.id)).all()
