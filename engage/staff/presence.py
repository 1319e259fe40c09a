"""Who hears of news, and when: in their own working hours, their stand-in while they are away. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from engage.calendars.business_days import BusinessCalendar
from engage.calendars.windows import Window, is_open, next_opening
from engage.calendars.zones import day_of
from engage.errors import InputError

MOST_STAND_INS = 3  # how far it is passed on: to a stand-in's stand-in, and to theirs
ENOUGH = timedelta(minutes=30)  # to decide in, once their hours begin
LOOK_AGAIN = timedelta(hours=1)  # at somebody whose return is waited for: they may name a stand-in, or come back early


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """What decides when somebody is told, and how; without an id the whole team, which is never away."""

    id: int | None
    zone: tzinfo
    calendar: BusinessCalendar  # of their country, with the company's closures
    hours: Window
    away: frozenset[date] = frozenset()
    is_active: bool = True
    stand_in_id: int | None = None
    channels: Mapping[str, str] = field(default_factory=dict)
    slack: str | None = None
    slack_is_own: bool = False

    def is_at_work(self, at: datetime) -> bool:
        """Whether it is an hour of theirs."""
        return self.is_active and is_open(at, self.hours, zone=self.zone, calendar=self.own_days)

    def next_hours(self, at: datetime) -> datetime | None:
        """When they are at work next: now, where they are; None where that is not within a year."""
        try:
            return next_opening(at, self.hours, zone=self.zone, calendar=self.own_days)
        except InputError:
            return None

    def is_away(self, at: datetime) -> bool:
        """Whether they will not be there in the next ordinary working hours, or have left."""
        opening = next_opening(at, self.hours, zone=self.zone, calendar=self.calendar)
        return not self.is_active or day_of(opening, self.zone) in self.away

    @property
    def own_days(self) -> BusinessCalendar:
        """The open days on which they are there."""
        return BusinessCalendar(self.calendar.country, self.calendar.closures | self.away)


@dataclass(frozen=True, slots=True)
class Route:
    """Who hears of it, and when."""

    reader: Colleague
    at: datetime


def route(
    staff_id: int | None,
    people: Mapping[int, Colleague],
    team: Colleague,
    *,
    now: datetime,
    deadline: datetime | None = None,
    may_pass_on: bool = True,
) -> Route:
    """Who is told what is for this colleague; what is for nobody, the team.

    1. Who is away or has left is not told; their stand-in is, in the stand-in's hours.
    2. Away with nobody standing in: it waits for their return. Left with nobody standing in: the team is told.
    3. In their hours at once, else when these begin.
    4. Too late by then: their stand-in now, if at work; else they themselves now, whatever the hour.
    """
    one = people.get(staff_id, team) if staff_id is not None else team
    others = list(stand_ins(one, people)) if may_pass_on else []
    if one.is_away(now):
        other = next((other for other in others if not other.is_away(now)), None)
        if other is None and one.is_active:
            return Route(one, _return_of(one, now))
        one = other or team
    opening = one.next_hours(now)
    if opening is not None and (opening <= now or deadline is None or opening + ENOUGH <= deadline):
        return Route(one, opening)
    return Route(next((other for other in others if other.is_at_work(now)), one), now)


def stand_ins(one: Colleague, people: Mapping[int, Colleague]) -> Iterator[Colleague]:
    """Who stands in for somebody, the nearest first."""
    return (people[id_] for id_ in chain(one.id, lambda id_: people[id_].stand_in_id) if id_ in people)


def chain(staff_id: int | None, stand_in_of: Callable[[int], int | None]) -> Iterator[int]:
    """The ids of those who stand in for a colleague, the nearest first; nobody twice, and not without end."""
    met = {staff_id}
    for _ in range(MOST_STAND_INS):
        staff_id = stand_in_of(staff_id) if staff_id is not None else None
        if staff_id is None or staff_id in met:
            return
        met.add(staff_id)
        yield staff_id


def _return_of(one: Colleague, now: datetime) -> datetime:
    opening = one.next_hours(now)
    soon = now + LOOK_AGAIN
    return min(opening, soon) if opening is not None else soon
