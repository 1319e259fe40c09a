from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.calendars.business_days import calendar_of
from engage.calendars.occurrences import (
    latest_day,
    lead_for_term,
    offset_day,
    period_before,
    quarter_starts,
    recurrences,
)

JP = calendar_of("JP")
DAYS = st.dates(date(2026, 1, 1), date(2040, 12, 31))


def test_an_offset_on_a_closed_day_rolls_forward() -> None:
    assert offset_day(date(2026, 11, 20), 1, "days", JP) == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("ends", "begins"),
    [
        (date(2027, 4, 30), date(2026, 12, 30)),  # T-120 is 31 December
        (date(2027, 5, 3), date(2026, 12, 30)),  # T-120 is a Sunday, 3 January
        (date(2027, 8, 31), date(2027, 4, 30)),  # T-120 is 3 May
        (date(2027, 3, 31), date(2026, 12, 1)),
    ],
)
def test_latest_rolls_back_to_an_open_day(ends: date, begins: date) -> None:
    assert latest_day(ends, -120, "days", JP) == begins


def test_latest_leaves_room_for_approval() -> None:
    assert latest_day(date(2027, 8, 31), -120, "days", JP, approval_days=2) == date(2027, 4, 27)


@given(ends=DAYS, room=st.integers(0, 5))
def test_latest_is_never_later_than_the_lead(ends: date, room: int) -> None:
    begins = latest_day(ends, -120, "days", JP, approval_days=room)

    assert JP.is_open(begins)
    assert JP.add(begins, room) <= ends - timedelta(days=120) if room else begins <= ends - timedelta(days=120)


@pytest.mark.parametrize(
    ("term", "lead"), [(365, 120), (240, 120), (239, 119), (180, 90), (90, 45), (1, 0), (None, 120)]
)
def test_for_short_terms_the_lead_is_half_the_term(term: int | None, lead: int) -> None:
    assert lead_for_term(120, term) == lead


def test_a_short_term_is_asked_at_its_half() -> None:
    assert latest_day(date(2027, 6, 30), -120, "days", JP, term_days=180) == date(2027, 4, 1)


def test_recurrences_count_from_the_anchor_so_that_months_do_not_drift() -> None:
    found = list(recurrences(date(2026, 1, 31), 1, "months", after=date(2026, 1, 31), until=date(2026, 5, 1)))

    assert found == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


def test_the_anchor_itself_is_no_recurrence() -> None:
    assert list(recurrences(date(2026, 1, 1), 3, "months", after=date(2025, 12, 1), until=date(2026, 3, 31))) == []


@given(anchor=DAYS, after=DAYS, unit=st.sampled_from(["days", "weeks", "months"]), amount=st.integers(1, 13))
def test_recurrences_after_a_day_are_the_tail_of_all_of_them(anchor: date, after: date, unit: str, amount: int) -> None:
    until = after + timedelta(days=60)
    everything = recurrences(anchor, amount, unit, after=anchor, until=until)

    assert list(recurrences(anchor, amount, unit, after=after, until=until)) == [
        day for day in everything if day > after
    ]


def test_fiscal_quarters_follow_the_year_end_of_the_customer() -> None:
    march = list(quarter_starts(3, after=date(2026, 1, 1), until=date(2026, 12, 31)))
    november = list(quarter_starts(11, after=date(2026, 1, 1), until=date(2026, 12, 31)))

    assert march == [date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1)]
    assert november == [date(2026, 3, 1), date(2026, 6, 1), date(2026, 9, 1), date(2026, 12, 1)]


def test_an_unknown_year_end_means_calendar_quarters() -> None:
    assert list(quarter_starts(None, after=date(2026, 12, 31), until=date(2027, 1, 1))) == [date(2027, 1, 1)]


def test_the_period_of_a_review_ends_the_day_before() -> None:
    assert period_before(date(2026, 10, 1), 3, "months", JP) == (date(2026, 7, 1), date(2026, 9, 30))
