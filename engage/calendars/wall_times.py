"""A time on the wall, such as "tuesday 10:00": the next instant at which a clock there shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, tzinfo

from engage.calendars.business_days import ONE_DAY, BusinessCalendar
from engage.calendars.zones import instant_of

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OPEN_DAY = "open day"
_SHAPE = re.compile(rf"(?:({'|'.join(WEEKDAYS)}|{OPEN_DAY})\s+)?([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class WallTime:
    """A time of day: on any day, on one weekday, or on open days only."""

    at: time
    day: str | None = None

    @classmethod
    def parse(cls, text: str) -> WallTime:
        """Reads "10:00", "tuesday 10:00", "open day 10:00"; raises ValueError with the forms that are right."""
        found = _SHAPE.fullmatch(" ".join(text.casefold().split()))
        if found is None:
            raise ValueError(f"{text!r} is no time of day; write 10:00, tuesday 10:00 or open day 10:00")
        return cls(time(int(found[2]), int(found[3])), found[1])

    def __str__(self) -> str:
        clock = f"{self.at:%H:%M}"
        return f"{self.day} {clock}" if self.day else clock

    def after(self, now: datetime, *, zone: tzinfo, calendar: BusinessCalendar) -> datetime:
        """The first such instant later than now; in a gap the clock moves on, a repeated hour counts once."""
        day = now.astimezone(zone).date()
        while True:
            if self.day == OPEN_DAY:
                day = calendar.roll_forward(day)
            instant = instant_of(day, self.at, zone)
            if instant > now and self.day in (None, OPEN_DAY, WEEKDAYS[day.weekday()]):
                return instant
            day += ONE_DAY
