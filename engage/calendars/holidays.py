"""Which days a country does not work: weekends, public holidays, and in Japan the bank days 12/31-1/3."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import holidays as published

EXTRA_CATEGORIES = {"JP": ("bank",)}
SATURDAY = 5


@lru_cache(maxsize=256)
def _days_of(country: str, language: str | None = None) -> published.HolidayBase | None:
    import holidays as published  # many who know what a working day is never ask for one

    categories = ("public", *EXTRA_CATEGORIES.get(country, ()))
    try:
        return published.country_holidays(country, categories=categories, language=language)
    except NotImplementedError:
        return None


def knows(country: str) -> bool:
    """Whether holidays of this country are published; an unknown country still has weekends."""
    return _days_of(country) is not None


@lru_cache(maxsize=65_536)
def is_working_day(country: str | None, day: date) -> bool:
    """Whether people of that country work on that day; without a country only Saturday and Sunday are free."""
    days = _days_of(country) if country else None
    return bool(days.is_working_day(day)) if days is not None else day.weekday() < SATURDAY


def holiday_name(country: str, day: date, *, locale: str) -> str | None:
    """The holiday's name for people (ja or en), or None on an ordinary day."""
    days = _days_of(country, "ja" if locale == "ja" and country == "JP" else "en_US")
    name = days.get(day) if days is not None else None
    return str(name) if name else None
