"""Moving a date or an instant by "2 business days" or "3 months": months clamp, local time is kept over DST."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache

from engage.calendars.business_days import BusinessCalendar
from engage.calendars.zones import instant_of
from engage.errors import InputError

EXACT_UNITS = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1)}


def shift_months(day: date, count: int) -> date:
    """The same day of another month, or its last day when it is shorter (31 March less a month is 28 February)."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@lru_cache(maxsize=4096)  # many customers move the same day by the same span
def shift_day(day: date, amount: int, unit: str, calendar: BusinessCalendar) -> date:
    """A date moved by days, weeks, months or business days."""
    match unit:
        case "days":
            return day + timedelta(days=amount)
        case "weeks":
            return day + timedelta(weeks=amount)
        case "months":
            return shift_months(day, amount)
        case "business days":
            return calendar.add(day, amount)
    raise InputError(
        f"A date cannot be moved by {unit}.", code="calendar.unit", hint="Use days, weeks, months or business days."
    )


def shift_instant(instant: datetime, amount: int, unit: str, *, zone: tzinfo, calendar: BusinessCalendar) -> datetime:
    """An instant moved: minutes and hours exactly, anything longer on the wall clock there, at the same local time."""
    if unit in EXACT_UNITS:
        return instant + EXACT_UNITS[unit] * amount
    local = instant.astimezone(zone)
    return instant_of(shift_day(local.date(), amount, unit, calendar), local.time(), zone)
