"""Everybody on our side as the rules of presence see them, and for whom somebody stands in."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.calendars.business_days import ONE_DAY, calendar_of
from engage.calendars.windows import Window
from engage.calendars.zones import country_of, first_zone
from engage.language.vocabulary import Vocabulary
from engage.staff.presence import Colleague, chain, stand_ins
from engage.staff.reaching import CLOSES, OPENS
from engage.staff.tables import Absence, Reach, StaffMember


def colleagues(session: Session, vocabulary: Vocabulary, *, now: datetime) -> dict[int, Colleague]:
    """Everybody by id; those who have left too, since what was theirs may still be waiting."""
    away = _days_away(session, now)
    asked = select(StaffMember, Reach).outerjoin(Reach, Reach.staff_id == StaffMember.id)
    found = {}
    for member, reach in session.execute(asked):
        country = (reach.country if reach else None) or country_of(member.time_zone)
        found[member.id] = Colleague(
            id=member.id,
            zone=first_zone(member.time_zone, vocabulary.defaults.time_zone),
            calendar=calendar_of(country, vocabulary.closures(country)),
            hours=_hours(reach.opens, reach.closes) if reach else _hours(OPENS, CLOSES),
            away=frozenset(away.get(member.id, ())),
            is_active=member.is_active,
            stand_in_id=reach.stand_in_id if reach else None,
            channels=reach.channels if reach else {},
            slack=reach.slack if reach else None,
            slack_is_own=reach.slack_is_own if reach else False,
        )
    return found


def team(vocabulary: Vocabulary) -> Colleague:
    """The whole team, who hears what is for nobody: in ordinary hours where the installation is."""
    zone = vocabulary.defaults.time_zone
    country = country_of(zone)
    calendar = calendar_of(country, vocabulary.closures(country))
    return Colleague(id=None, zone=first_zone(zone), calendar=calendar, hours=_hours(OPENS, CLOSES))


def stands_in(session: Session, staff_id: int, for_id: int | None) -> bool:
    """Whether a colleague named this one, or those whom they named did."""
    named = select(Reach.stand_in_id)
    return staff_id in chain(for_id, lambda id_: session.scalar(named.where(Reach.staff_id == id_)))


def covered_by(session: Session, vocabulary: Vocabulary, staff_id: int, *, now: datetime) -> set[int]:
    """Those who are away or have left, for whom this colleague stands in now."""
    people = colleagues(session, vocabulary, now=now)
    covered = set()
    for one in people.values():
        if one.id is not None and one.id != staff_id and one.is_away(now):
            present = (other.id for other in stand_ins(one, people) if not other.is_away(now))
            if next(present, None) == staff_id:
                covered.add(one.id)
    return covered


def _days_away(session: Session, now: datetime) -> dict[int, set[date]]:
    since = now.date() - ONE_DAY  # the day may not be over yet somewhere
    days: dict[int, set[date]] = defaultdict(set)
    for absence in session.scalars(select(Absence).where(Absence.last_day >= since)):
        count = (absence.last_day - absence.first_day).days + 1
        days[absence.staff_id].update(absence.first_day + timedelta(days=number) for number in range(count))
    return days


def _hours(opens: str, closes: str) -> Window:
    return Window(time.fromisoformat(opens), time.fromisoformat(closes))
