"""One moment by the calendar and the clock, such as "2027-12-20 10:00": on each customer's wall, or in a named zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from engage.calendars.zones import find_zone, instant_of

_SHAPE = re.compile(r"(\d{4}-\d\d-\d\d)[ T]([01]?\d|2[0-3]):([0-5]\d)(?: ([A-Za-z][\w+/-]*))?")
# How far the clocks of the world are ahead of UTC and behind it.
_AHEAD, _BEHIND = timedelta(hours=14), timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class WallMoment:
    """A date and a time of day; without a zone it comes for each customer when their own clock shows it."""

    day: date
    at: time
    zone: str | None = None

    @classmethod
    def parse(cls, text: str) -> WallMoment:
        """Reads "2027-12-20 10:00" and "2027-12-20 10:00 Asia/Tokyo"; raises ValueError with the form that is right."""
        found = _SHAPE.fullmatch(" ".join(text.split()))
        if found is None:
            raise ValueError(f"{text!r} is no moment; write 2027-12-20 10:00, or 2027-12-20 10:00 Asia/Tokyo")
        zone = found[4]
        if zone is not None and find_zone(zone) is None:
            raise ValueError(f"there is no time zone {zone}")
        try:
            return cls(date.fromisoformat(found[1]), time(int(found[2]), int(found[3])), zone)
        except ValueError:
            raise ValueError(f"{found[1]} is no date") from None

    def __str__(self) -> str:
        said = f"{self.day} {self.at:%H:%M}"
        return f"{said} {self.zone}" if self.zone else said

    def instant(self, zone: tzinfo) -> datetime:
        """When it comes for somebody in this zone."""
        return instant_of(self.day, self.at, (find_zone(self.zone) if self.zone else None) or zone)

    @property
    def first(self) -> datetime:
        """No customer's moment is earlier."""
        return self.instant(UTC) - (timedelta(0) if self.zone else _AHEAD)

    @property
    def last(self) -> datetime:
        """No customer's moment is later."""
        return self.instant(UTC) + (timedelta(0) if self.zone else _BEHIND)
