"""When a message may leave: 09:00-17:30 on an open day of the recipient, spread so that not all leave at nine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from engage.calendars.business_days import ONE_DAY, BusinessCalendar
from engage.calendars.zones import instant_of
from engage.ids import stable_fraction

SPREAD = timedelta(minutes=90)


@dataclass(frozen=True, slots=True)
class Window:
    """Opening hours on open days."""

    opens: time
    closes: time

    @property
    def length(self) -> timedelta:
        """How long it is open on a day."""
        minutes = (self.closes.hour - self.opens.hour) * 60 + self.closes.minute - self.opens.minute
        return timedelta(minutes=minutes)


BUSINESS = Window(time(9, 0), time(17, 30))


WINDOWS: dict[str, Window | None] = {"business": BUSINESS, "any": None}


def window_of(hours: str | None) -> Window | None:
    """The window that a playbook's `hours` names: "business" (also for None), or "any" (None: no window)."""
    return WINDOWS[hours or "business"]


def is_open(instant: datetime, window: Window | None, *, zone: tzinfo, calendar: BusinessCalendar) -> bool:
    """Whether a message may leave at that instant."""
    if window is None:
        return True
    local = instant.astimezone(zone)
    return window.opens <= local.time() < window.closes and calendar.is_open(local.date())


def next_opening(instant: datetime, window: Window | None, *, zone: tzinfo, calendar: BusinessCalendar) -> datetime:
    """The instant itself when the window is open, else the next opening."""
    if window is None or is_open(instant, window, zone=zone, calendar=calendar):
        return instant
    local = instant.astimezone(zone)
    day = local.date() if local.time() < window.opens else local.date() + ONE_DAY
    return instant_of(calendar.roll_forward(day), window.opens, zone)


def next_departure(
    instant: datetime, window: Window | None, *, zone: tzinfo, calendar: BusinessCalendar, key: str
) -> datetime:
    """When a message due then leaves: at once while open, else after the next opening, at its key's own minute."""
    opening = next_opening(instant, window, zone=zone, calendar=calendar)
    return opening if window is None or opening == instant else opening + spread(key, window)


def spread(key: str, window: Window) -> timedelta:
    """How long after the opening this key (an address) leaves: always the same for it, evenly spread over all."""
    room = min(SPREAD, window.length / 2)
    return timedelta(seconds=int(room.total_seconds() * stable_fraction("departure", key)))
