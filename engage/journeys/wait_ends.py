"""When a wait ends if nothing else ends it before. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from engage.calendars.wall_times import WallTime
from engage.calendars.zones import find_zone, start_of
from engage.journeys.surroundings import Place
from engage.language.spec import WaitStep


def end_of_wait(
    step: WaitStep, facts: Mapping[str, Any], *, now: datetime, place: Place, contact_id: int | None
) -> datetime | None:
    """The instant at which the wait is over; None where its date is missing."""
    span = step.time or step.up_to
    if span is not None:
        return place.after(now, span)
    if isinstance(step.until, WallTime):
        zone = _own_zone(facts, contact_id) or place.zone
        return step.until.after(now, zone=zone, calendar=place.calendar)
    value = step.until.evaluate(facts) if step.until is not None else None
    if isinstance(value, datetime):
        return value
    return start_of(value, place.zone) if isinstance(value, date) else None


def _own_zone(facts: Mapping[str, Any], contact_id: int | None) -> tzinfo | None:
    """The zone of the one person whom the run is about."""
    person = facts.get("contact") if contact_id is not None else None
    return find_zone((person or {}).get("time_zone") or "")
