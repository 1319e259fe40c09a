"""Open days of one customer: the country's working days less the closures that the company declared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from engage.calendars.holidays import is_working_day
from engage.errors import InputError

ONE_DAY = timedelta(days=1)
FURTHEST = 366


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """The open days of a country, less declared closures such as Obon or the anniversary of the foundation."""

    country: str | None = None
    closures: frozenset[date] = frozenset()

    def is_open(self, day: date) -> bool:
        """Whether people work there on that day."""
        return day not in self.closures and is_working_day(self.country, day)

    def roll_forward(self, day: date) -> date:
        """The day itself when it is open, else the next open day."""
        return self._roll(day, ONE_DAY)

    def roll_back(self, day: date) -> date:
        """The day itself when it is open, else the last open day before it."""
        return self._roll(day, -ONE_DAY)

    def add(self, day: date, count: int) -> date:
        """The count-th open day after (or before, when negative) that day; 0 rolls forward."""
        if count == 0:
            return self.roll_forward(day)
        step = ONE_DAY if count > 0 else -ONE_DAY
        for _ in range(abs(count)):
            day = self._roll(day + step, step)
        return day

    def between(self, start: date, end: date) -> int:
        """How many open days there are after start, up to and including end."""
        return sum(self.is_open(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))

    def _roll(self, day: date, step: timedelta) -> date:
        for _ in range(FURTHEST):
            if self.is_open(day):
                return day
            day += step
        raise InputError(
            "This calendar has no open day within a year.",
            code="calendar.closed",
            where=self.country,
            hint="Check the closures declared in playbooks/_shared/calendars.yaml.",
        )


@lru_cache(maxsize=1024)
def _calendar(country: str | None, closures: frozenset[date]) -> BusinessCalendar:
    return BusinessCalendar(country, closures)


def calendar_of(country: str | None, closures: Iterable[date] = ()) -> BusinessCalendar:
    """The calendar of a country (ISO code, any case) with the closures declared for it."""
    return _calendar(country.upper() if country else None, frozenset(closures))
