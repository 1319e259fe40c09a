from __future__ import annotations

from datetime import date

import pytest

from engage.calendars.business_days import BusinessCalendar, calendar_of
from engage.calendars.holidays import holiday_name, is_working_day, knows
from engage.errors import InputError

JP = calendar_of("JP")


def test_a_holiday_between_two_holidays_is_free_in_japan() -> None:
    assert not JP.is_open(date(2026, 9, 22))
    assert holiday_name("JP", date(2026, 9, 22), locale="ja") == "国民の休日"


def test_a_substitute_holiday_is_free() -> None:
    assert not JP.is_open(date(2026, 5, 6))


@pytest.mark.parametrize("day", [date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 2), date(2027, 1, 3)])
def test_japanese_banks_and_offices_rest_around_new_year(day: date) -> None:
    assert not JP.is_open(day)


def test_golden_week_is_rolled_over_in_both_directions() -> None:
    assert JP.roll_forward(date(2026, 5, 2)) == date(2026, 5, 7)
    assert JP.roll_back(date(2026, 5, 6)) == date(2026, 5, 1)


def test_an_open_day_does_not_roll() -> None:
    assert JP.roll_forward(date(2026, 11, 24)) == JP.roll_back(date(2026, 11, 24)) == date(2026, 11, 24)


def test_business_days_are_counted_over_weekends_and_holidays() -> None:
    assert JP.add(date(2026, 12, 28), 3) == date(2027, 1, 4)
    assert JP.add(date(2027, 1, 4), -3) == date(2026, 12, 28)
    assert JP.add(date(2026, 11, 21), 0) == date(2026, 11, 24)


def test_the_days_between_count_only_open_days() -> None:
    assert JP.between(date(2026, 12, 28), date(2027, 1, 5)) == 4


def test_declared_closures_are_closed() -> None:
    obon = calendar_of("jp", [date(2026, 8, 13), date(2026, 8, 14)])

    assert obon.roll_forward(date(2026, 8, 13)) == date(2026, 8, 17)


def test_other_countries_have_their_own_holidays_and_weekends() -> None:
    assert not is_working_day("US", date(2026, 11, 26))
    assert is_working_day("JP", date(2026, 11, 26))
    assert not is_working_day("AE", date(2026, 11, 22))
    assert not is_working_day("SA", date(2026, 11, 20))


def test_an_unknown_country_has_weekends_only() -> None:
    nowhere = calendar_of("ZZ")

    assert not knows("ZZ")
    assert not nowhere.is_open(date(2026, 11, 22))
    assert nowhere.is_open(date(2026, 1, 1))


def test_a_calendar_that_never_opens_is_an_error_not_a_loop() -> None:
    closed = BusinessCalendar(None, frozenset(date.fromordinal(date(2026, 1, 1).toordinal() + n) for n in range(800)))

    with pytest.raises(InputError):
        closed.roll_forward(date(2026, 1, 1))
