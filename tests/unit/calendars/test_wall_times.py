"""The next time a clock shows an hour: weekdays, open days, hours that do not exist or exist twice."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.calendars.business_days import calendar_of
from engage.calendars.wall_times import WEEKDAYS, WallTime

NOBODY = calendar_of(None)
NEW_YORK, LORD_HOWE, TOKYO = (ZoneInfo(name) for name in ("America/New_York", "Australia/Lord_Howe", "Asia/Tokyo"))


@pytest.mark.parametrize(
    ("text", "zone", "now", "expected"),
    [
        # New York springs forward on 8 March 2026: 02:30 does not exist and becomes 03:30.
        ("sunday 02:30", NEW_YORK, "2026-03-07T12:00+00:00", "2026-03-08T07:30+00:00"),
        # It falls back on 1 November 2026: 01:30 comes twice and counts once, the first time.
        ("01:30", NEW_YORK, "2026-10-31T12:00+00:00", "2026-11-01T05:30+00:00"),
        ("01:30", NEW_YORK, "2026-11-01T05:45+00:00", "2026-11-02T06:30+00:00"),
        # Lord Howe moves by half an hour, on 4 October 2026 and 5 April 2026.
        ("02:15", LORD_HOWE, "2026-10-03T12:00+00:00", "2026-10-03T15:45+00:00"),
        ("01:45", LORD_HOWE, "2026-04-04T12:00+00:00", "2026-04-04T14:45+00:00"),
        ("09:00", TOKYO, "2026-03-08T00:00+00:00", "2026-03-09T00:00+00:00"),
    ],
)
def test_an_hour_that_does_not_exist_moves_on_and_a_repeated_one_counts_once(
    text: str, zone: ZoneInfo, now: str, expected: str
) -> None:
    found = WallTime.parse(text).after(datetime.fromisoformat(now), zone=zone, calendar=NOBODY)

    assert found == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-04-28T12:00", "2026-04-30T09:00"),  # Showa Day between
        ("2026-05-01T12:00", "2026-05-07T09:00"),  # Golden Week, with a substitute holiday
        ("2026-12-30T12:00", "2027-01-04T09:00"),  # the turn of the year
        ("2026-09-18T12:00", "2026-09-24T09:00"),  # five days in September
    ],
)
def test_an_open_day_in_japan_passes_over_holidays(now: str, expected: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=TOKYO)
    found = WallTime.parse("open day 9:00").after(moment, zone=TOKYO, calendar=calendar_of("JP"))

    assert found.astimezone(TOKYO).replace(tzinfo=None) == datetime.fromisoformat(expected)


@pytest.mark.parametrize("text", ["tuesday", "25:00", "tuesday 10", "someday 10:00", "10:60"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time of day"):
        WallTime.parse(text)


@given(
    st.sampled_from((None, "open day", *WEEKDAYS)),
    st.builds(time, st.integers(0, 23), st.integers(0, 59)),
    st.integers(0, 15 * 365 * 24 * 60).map(
        lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    st.sampled_from((NEW_YORK, LORD_HOWE, TOKYO)),
)
def test_it_is_always_ahead_and_never_far(day: str | None, at: time, now: datetime, zone: ZoneInfo) -> None:
    wanted = WallTime(at, day)
    found = wanted.after(now, zone=zone, calendar=NOBODY)

    assert now < found < now + timedelta(days=8)
    assert WallTime.parse(str(wanted)) == wanted
    assert wanted.after(found, zone=zone, calendar=NOBODY) > found
