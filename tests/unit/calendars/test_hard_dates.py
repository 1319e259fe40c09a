"""The dates that go wrong: short months, leap days, holidays before a deadline, short terms, days without midnight.

Every expected day was worked out on paper with a Japanese calendar.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.calendars.business_days import calendar_of
from engage.calendars.occurrences import latest_day, offset_day
from engage.calendars.zones import start_of

JAPAN = calendar_of("JP")
UNITED_STATES = calendar_of("US")


@pytest.mark.parametrize(
    ("anchor", "amount", "unit", "room", "latest", "offset"),
    [
        # 120 days before 30 April is New Year's Eve, a bank holiday: back to the 30th, or on to 4 January.
        ("2027-04-30", -120, "days", 0, "2026-12-30", "2027-01-04"),
        ("2027-04-30", -120, "days", 2, "2026-12-28", "2027-01-04"),
        # 120 days before 31 August is 3 May: back over the weekend to 30 April, on past Golden Week to the 6th.
        ("2027-08-31", -120, "days", 0, "2027-04-30", "2027-05-06"),
        ("2027-08-31", -120, "days", 2, "2027-04-27", "2027-05-06"),  # the 29th is a holiday, too
        ("2026-08-31", -120, "days", 0, "2026-05-01", "2026-05-07"),  # a Sunday; the 6th is a substitute
        # A month before the 31st is the last day of the month before.
        ("2027-03-31", -1, "months", 0, "2027-02-26", "2027-03-01"),  # 28 February is a Sunday
        ("2028-03-31", -1, "months", 0, "2028-02-29", "2028-02-29"),
        ("2027-05-31", -1, "months", 0, "2027-04-30", "2027-04-30"),
        ("2027-05-31", -3, "months", 0, "2027-02-26", "2027-03-01"),
        # 29 February.
        ("2028-02-29", -120, "days", 0, "2027-11-01", "2027-11-01"),
        ("2028-02-29", -12, "months", 0, "2027-02-26", "2027-03-01"),
        ("2027-02-28", 12, "months", 0, "2028-02-28", "2028-02-28"),
        # The turn of the year: 4 January is the first open day, 30 December the last.
        ("2027-01-04", -1, "business days", 0, "2026-12-30", "2026-12-30"),
        ("2026-12-30", 1, "business days", 0, "2027-01-04", "2027-01-04"),
        ("2027-01-01", 0, "days", 0, "2026-12-30", "2027-01-04"),
        # Golden Week 2027: 29 April (Thu), 3 to 5 May (Mon to Wed).
        ("2027-05-06", -3, "business days", 0, "2027-04-27", "2027-04-27"),
        ("2027-04-28", 2, "business days", 0, "2027-05-06", "2027-05-06"),
    ],
)
def test_hard_days_in_japan(anchor: str, amount: int, unit: str, room: int, latest: str, offset: str) -> None:
    day = date.fromisoformat(anchor)

    assert str(latest_day(day, amount, unit, JAPAN, approval_days=room)) == latest
    assert str(offset_day(day, amount, unit, JAPAN)) == offset


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        ("2026-12-01", "2027-02-28", "2027-01-14"),  # three months: 45 days before the end
        ("2026-10-01", "2027-03-31", "2026-12-30"),  # six months: 91 days before is 30 December
        ("2026-04-01", "2027-03-31", "2026-12-01"),  # a year: the full 120 days
        ("2024-04-01", "2027-03-31", "2026-12-01"),
        ("2027-03-01", "2027-03-31", "2027-03-16"),  # a month: its middle
    ],
)
def test_the_shorter_the_term_the_shorter_the_lead(starts: str, ends: str, expected: str) -> None:
    first, last = date.fromisoformat(starts), date.fromisoformat(ends)
    found = latest_day(last, -120, "days", JAPAN, term_days=(last - first).days + 1)

    assert str(found) == expected and first < found < last


@pytest.mark.parametrize(
    ("zone", "day", "starts"),
    [
        ("Asia/Tokyo", "2026-03-08", "2026-03-07T15:00+00:00"),
        ("America/New_York", "2026-03-08", "2026-03-08T05:00+00:00"),  # 23 hours long
        ("America/New_York", "2026-03-09", "2026-03-09T04:00+00:00"),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00+00:00"),  # 25 hours long
        ("America/New_York", "2026-11-02", "2026-11-02T05:00+00:00"),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30+00:00"),  # half an hour shorter
        ("Australia/Lord_Howe", "2026-10-05", "2026-10-04T13:00+00:00"),
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00+00:00"),  # no midnight: the day starts at one
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00+00:00"),
        ("America/Havana", "2026-11-01", "2026-11-01T04:00+00:00"),  # midnight twice: the first
    ],
)
def test_a_day_starts_when_its_wall_clock_first_shows_it(zone: str, day: str, starts: str) -> None:
    there, when = ZoneInfo(zone), date.fromisoformat(day)
    found = start_of(when, there)

    assert found == datetime.fromisoformat(starts)
    assert found.astimezone(there).date() == when
    assert (found - timedelta(seconds=1)).astimezone(there).date() < when


DAYS = st.dates(date(2020, 1, 1), date(2045, 12, 31))


@given(DAYS, st.integers(1, 400), st.sampled_from(["days", "business days", "weeks", "months"]), st.integers(0, 5))
def test_the_latest_day_is_open_and_leaves_the_room(anchor: date, amount: int, unit: str, room: int) -> None:
    amount = min(amount, 24 if unit == "months" else 120)
    last = latest_day(anchor, -amount, unit, JAPAN)
    begins = latest_day(anchor, -amount, unit, JAPAN, approval_days=room)

    assert JAPAN.is_open(begins) and begins <= last < anchor
    assert JAPAN.between(begins, last) == room


@given(DAYS, DAYS, st.integers(-24, 24))
def test_later_anchors_never_come_earlier(one: date, other: date, months: int) -> None:
    first, second = sorted((one, other))

    assert offset_day(first, months, "months", UNITED_STATES) <= offset_day(second, months, "months", UNITED_STATES)
