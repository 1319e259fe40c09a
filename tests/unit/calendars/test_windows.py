from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.calendars.business_days import calendar_of
from engage.calendars.windows import BUSINESS, is_open, next_departure, next_opening, spread, window_of
from engage.calendars.zones import instant_of

TOKYO = ZoneInfo("Asia/Tokyo")
JP = calendar_of("JP")


def tokyo(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return instant_of(date(2026, month, day), time(hour, minute), TOKYO)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (tokyo(11, 24, 9, 0), True),
        (tokyo(11, 24, 17, 29), True),
        (tokyo(11, 24, 17, 30), False),
        (tokyo(11, 24, 8, 59), False),
        (tokyo(11, 23, 10, 0), False),
        (tokyo(11, 22, 10, 0), False),
    ],
)
def test_the_business_window(at: datetime, expected: bool) -> None:
    assert is_open(at, BUSINESS, zone=TOKYO, calendar=JP) is expected


def test_an_open_window_is_used_at_once() -> None:
    at = tokyo(11, 24, 13, 13)

    assert next_departure(at, BUSINESS, zone=TOKYO, calendar=JP, key="a") == at


def test_after_hours_on_friday_becomes_tuesday_after_a_monday_holiday() -> None:
    assert next_opening(tokyo(11, 20, 18), BUSINESS, zone=TOKYO, calendar=JP) == tokyo(11, 24, 9)


def test_early_in_the_morning_becomes_nine_the_same_day() -> None:
    assert next_opening(tokyo(11, 24, 3), BUSINESS, zone=TOKYO, calendar=JP) == tokyo(11, 24, 9)


def test_any_hour_has_no_window() -> None:
    at = tokyo(11, 22, 3)

    assert window_of("any") is None
    assert next_departure(at, window_of("any"), zone=TOKYO, calendar=JP, key="a") == at


def test_nothing_said_means_business_hours() -> None:
    assert window_of(None) == window_of("business") == BUSINESS


def test_departures_are_spread_evenly_over_the_first_ninety_minutes() -> None:
    at = tokyo(11, 24, 3)
    leaves = [next_departure(at, BUSINESS, zone=TOKYO, calendar=JP, key=str(n)) for n in range(900)]
    halves = sum(leave < tokyo(11, 24, 9, 45) for leave in leaves)

    assert min(leaves) >= tokyo(11, 24, 9)
    assert max(leaves) < tokyo(11, 24, 10, 30)
    assert 380 < halves < 520


def test_a_key_always_leaves_at_its_own_minute() -> None:
    assert spread("msg-1", BUSINESS) == spread("msg-1", BUSINESS) != spread("msg-2", BUSINESS)


ZONES = ["Asia/Tokyo", "America/New_York", "Australia/Lord_Howe", "Europe/London", "Pacific/Apia", "UTC"]


@given(
    minutes=st.integers(0, 3 * 365 * 24 * 60),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    country=st.sampled_from(["JP", "US", "GB", None]),
    key=st.text(max_size=5),
)
def test_a_departure_is_never_early_always_open_and_never_far(
    minutes: int, zone: ZoneInfo, country: str | None, key: str
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    leaves = next_departure(at, BUSINESS, zone=zone, calendar=calendar_of(country), key=key)

    assert leaves >= at
    assert is_open(leaves, BUSINESS, zone=zone, calendar=calendar_of(country))
    assert leaves - at < timedelta(days=12)
