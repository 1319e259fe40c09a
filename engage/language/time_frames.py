"""When something is expected or happens, as an author writes it: a day, a moment or a span on the wall of some zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from engage.calendars.zones import find_zone, instant_of

FORMS = "2026-12-01, 2026-12-01 09:00, 2026-12-01 09:00..17:30 or 2026-12-01..2026-12-05, then perhaps a zone"
NEAR = timedelta(minutes=15)
_ONE_DAY = timedelta(days=1)
_DAY, _TIME = r"(\d{4}-\d\d-\d\d)", r"(\d\d?:\d\d)"
_SHAPE = re.compile(
    rf"{_DAY}(?:\s+{_TIME})?(?:\s*\.\.\s*(?:{_DAY})?\s*{_TIME}?)?(?:\s+([A-Za-z_]+(?:/[A-Za-z0-9_+-]+)*))?"
)
_WORKING = time(10, 0)


@dataclass(frozen=True, slots=True)
class TimeFrame:
    """From a wall-clock time until before another, in a zone of its own or the customer's."""

    first: datetime
    last: datetime
    has_time: bool
    zone: str | None
    text: str

    @classmethod
    def parse(cls, text: str) -> TimeFrame:
        """Reads one of the forms; raises ValueError with the forms that are right."""
        words = " ".join(text.split())
        found = _SHAPE.fullmatch(words)
        if found is None or (words.rstrip().endswith("..")):
            raise ValueError(f"{text!r} is no time; write {FORMS}")
        day, at, last_day, last_at, zone = found.groups()
        if zone is not None and find_zone(zone) is None:
            raise ValueError(f"{zone!r} is no time zone; write one such as Asia/Tokyo")
        first = _wall(day, at)
        is_span = ".." in words
        if last_at or not is_span:
            last = _wall(last_day or day, last_at or at) + (timedelta(0) if is_span else NEAR if at else _ONE_DAY)
        else:
            last = _wall(last_day or day, None) + _ONE_DAY
        if last <= first:
            raise ValueError(f"{text!r} ends before it begins")
        return cls(first, last, at is not None, zone, words)

    def begins(self, zone: tzinfo) -> datetime:
        """The instant from which it counts; `zone` where it names none."""
        return _instant(self.first, self._zone(zone))

    def ends(self, zone: tzinfo) -> datetime:
        """The instant before which it counts."""
        return _instant(self.last, self._zone(zone))

    def moments(self, times: int, zone: tzinfo) -> list[datetime]:
        """When something happens that happens so often: spread evenly; a day alone means ten o'clock."""
        if times == 1:
            return [_instant(self.first if self.has_time else datetime.combine(self.first, _WORKING), self._zone(zone))]
        begins, ends = self.begins(zone), self.ends(zone)
        return [begins + (ends - begins) * (number + 0.5) / times for number in range(times)]

    def __str__(self) -> str:
        return self.text

    def _zone(self, zone: tzinfo) -> tzinfo:
        return (find_zone(self.zone) if self.zone else None) or zone


def _wall(day: str, at: str | None) -> datetime:
    hour, _, minute = (at or "0:00").partition(":")
    if (hour, minute) == ("24", "00"):
        return datetime.combine(date.fromisoformat(day), time()) + _ONE_DAY
    return datetime.combine(date.fromisoformat(day), time(int(hour), int(minute)))


def _instant(wall: datetime, zone: tzinfo) -> datetime:
    return instant_of(wall.date(), wall.time(), zone)


def _read(value: Any) -> TimeFrame:
    if isinstance(value, TimeFrame):
        return value
    try:
        return TimeFrame.parse(str(value))
    except ValueError as error:
        raise PydanticCustomError("bad-time", "{reason}", {"reason": str(error)}) from None


At = Annotated[
    TimeFrame, PlainValidator(_read), PlainSerializer(str), WithJsonSchema({"type": "string", "description": FORMS})
]
