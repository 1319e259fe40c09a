"""Recurrences that follow the calendar or a fixed date, through month ends, leap days and closed days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.calendars.business_days import calendar_of
from engage.journeys.surroundings import Place
from engage.journeys.timing import of_recurrence
from engage.language.spec import EveryTrigger
from tests.unit.journeys.plays import playbook_of

TOKYO = Place(ZoneInfo("Asia/Tokyo"), calendar_of("JP"))
NOWHERE = Place(UTC, calendar_of(None))


def found_on(every: str, anchor: str, day: str, place: Place = TOKYO) -> str | None:
    trigger = playbook_of("- wait: 1 day\n", f"trigger: {{every: {every}, anchor: {anchor}}}\n").trigger
    assert isinstance(trigger, EveryTrigger)
    given_date = trigger.anchor if isinstance(trigger.anchor, date) else None
    now = datetime.combine(date.fromisoformat(day), time(12), tzinfo=place.zone)
    found = of_recurrence(trigger, given_date, fiscal_year_end_month=3, place=place, now=now)
    return found.key if found is not None else None


@pytest.mark.parametrize(
    ("every", "anchor", "day", "expected"),
    [
        ("1 month", "calendar", "2026-11-02", "every:2026-11-01"),  # a Sunday: on Monday, for the first
        ("1 month", "calendar", "2026-11-01", "every:2026-10-01"),
        ("3 months", "calendar", "2026-10-05", "every:2026-10-01"),
        ("12 months", "calendar", "2027-01-03", None),  # the year opens on the 4th
        ("12 months", "calendar", "2027-01-04", "every:2027-01-01"),
        ("1 week", "calendar", "2026-11-24", "every:2026-11-23"),  # a Monday that is a holiday
        ("12 months", "2026-12-10", "2026-12-09", None),
        ("12 months", "2026-12-10", "2026-12-10", "every:2026-12-10"),
        ("12 months", "2026-12-10", "2027-12-10", "every:2027-12-10"),
        ("12 months", "2024-02-29", "2026-03-01", None),  # both are at the weekend
        ("12 months", "2024-02-29", "2026-03-02", "every:2026-02-28"),
        ("12 months", "2024-02-29", "2028-02-29", "every:2028-02-29"),
        ("1 month", "2026-01-31", "2026-05-07", "every:2026-04-30"),
        ("1 month", "2026-01-31", "2026-06-01", "every:2026-05-31"),
    ],
)
def test_the_calendar_sets_the_pace(every: str, anchor: str, day: str, expected: str | None) -> None:
    assert found_on(every, anchor, day) == expected


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 12), st.integers(0, 400))
def test_months_counted_from_a_date_never_drift(anchor: date, months: int, later: int) -> None:
    key = found_on(f"{months} months", anchor.isoformat(), str(anchor + timedelta(days=later)), NOWHERE)
    day = date.fromisoformat(key.removeprefix("every:")) if key else anchor

    assert day.day == anchor.day or (day + timedelta(days=1)).day == 1
