"""The ramp of a new sending domain, and the windows of an allowance."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.channels.email.routing.brakes import EPOCH, Allowance
from engage.channels.email.routing.warm_up import WarmUp, read_warm_ups
from engage.errors import InputError

TOKYO = ZoneInfo("Asia/Tokyo")


def on(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 12, 1, hour, tzinfo=TOKYO) + timedelta(days=day - 1)


@pytest.mark.parametrize(
    ("day", "at_most"),
    [(0, 0), (1, 100), (2, 150), (3, 225), (7, 1139), (14, 19_461), (21, 332_525), (22, None), (400, None)],
)
def test_a_domain_gets_half_as_much_again_each_day_until_it_is_warm(day: int, at_most: int | None) -> None:
    assert read_warm_ups("Mail.Example.com=2026-12-01", TOKYO)["mail.example.com"].at_most(on(day)) == at_most


def test_the_first_days_cap_may_be_said() -> None:
    warm_ups = read_warm_ups("a.example=2026-12-01/500 b.example=2026-12-02", TOKYO)
    assert warm_ups["a.example"].at_most(on(2)) == 750
    assert warm_ups["b.example"].at_most(on(2)) == 100


def test_days_are_those_of_the_installations_zone() -> None:
    warm_up = WarmUp(date(2026, 12, 1), TOKYO)
    midnight = datetime(2026, 12, 2, tzinfo=TOKYO)
    assert warm_up.at_most(midnight - timedelta(seconds=1)) == 100
    assert warm_up.at_most(midnight) == 150
    assert warm_up.tomorrow(midnight - timedelta(seconds=1)) == warm_up.today(midnight) == midnight
    assert warm_up.tomorrow(on(-5)) == datetime(2026, 12, 1, tzinfo=TOKYO)


@pytest.mark.parametrize("said", ["a.example", "a.example=soon", "a.example=2026-12-01/", "a.example=2026-12-01/few"])
def test_what_is_no_warm_up_is_refused(said: str) -> None:
    with pytest.raises(InputError, match="ENGAGE_WARM_UP"):
        read_warm_ups(said, TOKYO)


@given(st.integers(1, 2_000_000_000_000_000), st.integers(1, 100_000))
def test_every_instant_is_in_one_window(microseconds: int, seconds: int) -> None:
    now = EPOCH + timedelta(microseconds=microseconds)
    pace = Allowance(1, timedelta(seconds=seconds))
    begun = pace.window_of(now)
    assert begun <= now < pace.next_after(now) == begun + pace.per
    assert pace.window_of(begun) == begun
