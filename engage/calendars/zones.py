"""From an instant to somebody's wall clock and back, with one rule for hours that do not exist or exist twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

MIDNIGHT = time(0, 0)


@cache
def zone_names() -> frozenset[str]:
    """Every name that is a zone's."""
    return frozenset(available_timezones())


@lru_cache(maxsize=1024)
def find_zone(name: str) -> ZoneInfo | None:
    """The zone of that IANA name, or None when there is no such zone."""
    return ZoneInfo(name) if name in zone_names() else None


@lru_cache(maxsize=1024)
def country_of(name: str) -> str | None:
    """The country in which that zone's clocks hang, or None where there is none, as with UTC."""
    from babel.core import get_global  # few who deal with zones ask for it

    territory = str(get_global("zone_territories").get(name) or "")
    return territory if territory.isalpha() and territory != "ZZ" else None


def first_zone(*names: str | None) -> tzinfo:
    """The first of the names that is a zone (contact, then account, then install); UTC when none is."""
    for name in names:
        found = find_zone(name) if name else None
        if found is not None:
            return found
    return UTC


def instant_of(day: date, at: time, zone: tzinfo) -> datetime:
    """The UTC instant of a wall-clock time: a time in a gap moves forward by the gap, a repeated one is the first."""
    return datetime.combine(day, at.replace(fold=0), tzinfo=zone).astimezone(UTC)


def start_of(day: date, zone: tzinfo) -> datetime:
    """The UTC instant at which that day starts there."""
    return instant_of(day, MIDNIGHT, zone)


def day_of(instant: datetime, zone: tzinfo) -> date:
    """The date on the wall there at that instant."""
    return instant.astimezone(zone).date()
