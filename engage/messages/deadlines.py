"""How long a colleague has to decide: on their clock, on the open days of the customer's country, closures left out."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from engage.calendars.business_days import calendar_of
from engage.calendars.spans import shift_instant
from engage.calendars.zones import first_zone
from engage.language.durations import Duration
from engage.language.vocabulary import Vocabulary

A_DAY: Final = Duration(1, "business days")
_MOST_DAYS = 3  # of a second person's patience


def deadline(
    vocabulary: Vocabulary, now: datetime, within: Duration, *, zone_name: str | None, country: str | None
) -> datetime:
    """When an approval that is asked for now is too late."""
    zone = first_zone(zone_name, vocabulary.defaults.time_zone)
    calendar = calendar_of(country, vocabulary.closures(country))
    return shift_instant(now, within.amount, within.unit, zone=zone, calendar=calendar)


def patience(within: Duration) -> Duration:
    """How long a second person has, where the first one had so long: one to three open days."""
    match within.unit:
        case "minutes" | "hours":
            days = 1
        case "days" | "business days":
            days = min(max(within.amount, 1), _MOST_DAYS)
        case _:
            days = _MOST_DAYS
    return Duration(days, "business days")
