from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from engage.calendars.business_days import calendar_of
from engage.calendars.spans import shift_day, shift_instant, shift_months
from engage.calendars.zones import day_of, find_zone, first_zone, instant_of, start_of
from engage.errors import InputError

JP = calendar_of("JP")
NEW_YORK = ZoneInfo("America/New_York")
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2028, 3, 31), -1, date(2028, 2, 29)),
        (date(2026, 10, 31), 4, date(2027, 2, 28)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
    ],
)
def test_months_clamp_to_the_last_day(day: date, count: int, expected: date) -> None:
    assert shift_months(day, count) == expected


def test_every_unit_of_days_moves_a_date() -> None:
    assert shift_day(date(2026, 11, 20), -120, "days", JP) == date(2026, 7, 23)
    assert shift_day(date(2026, 11, 20), 2, "weeks", JP) == date(2026, 12, 4)
    assert shift_day(date(2026, 11, 20), 1, "months", JP) == date(2026, 12, 20)
    assert shift_day(date(2026, 11, 20), 1, "business days", JP) == date(2026, 11, 24)


def test_a_date_has_no_hours() -> None:
    with pytest.raises(InputError):
        shift_day(date(2026, 11, 20), 2, "hours", JP)


def test_a_day_keeps_the_wall_clock_over_a_dst_change_and_24_hours_do_not() -> None:
    before = instant_of(date(2026, 3, 7), time(9, 0), NEW_YORK)

    a_day = shift_instant(before, 1, "days", zone=NEW_YORK, calendar=calendar_of("US"))
    hours = shift_instant(before, 24, "hours", zone=NEW_YORK, calendar=calendar_of("US"))

    assert a_day.astimezone(NEW_YORK).time() == time(9, 0)
    assert hours.astimezone(NEW_YORK).time() == time(10, 0)


def test_a_time_in_the_gap_moves_forward_by_the_gap() -> None:
    assert instant_of(date(2026, 3, 8), time(2, 30), NEW_YORK) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    assert instant_of(date(2026, 10, 4), time(2, 15), lord_howe).astimezone(lord_howe).time() == time(2, 45)


def test_a_repeated_time_is_the_first_one() -> None:
    assert instant_of(date(2026, 11, 1), time(1, 30), NEW_YORK) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_a_day_starts_and_is_named_where_the_customer_is() -> None:
    assert start_of(date(2026, 11, 24), TOKYO) == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    assert day_of(datetime(2026, 11, 23, 15, 0, tzinfo=UTC), TOKYO) == date(2026, 11, 24)


def test_the_first_name_that_is_a_zone_is_taken() -> None:
    assert first_zone(None, "Mars/Phobos", "Asia/Tokyo", "UTC") == TOKYO
    assert first_zone(None, "") is UTC
    assert find_zone("../etc/passwd") is None
