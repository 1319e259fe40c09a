"""How dates, numbers, money and shares are written for a reader: the filters of message templates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from markupsafe import Markup, escape

from engage.calendars.business_days import calendar_of
from engage.language.values import LARGEST
from engage.messages.charts import progress_chart, weekly_chart

_DATES = {
    "ja": {"long": "y年M月d日", "short": "M月d日", "weekday": "y年M月d日(E)", "month": "y年M月"},
    "en": {"long": "MMMM d, y", "short": "MMMM d", "weekday": "EEEE, MMMM d, y", "month": "MMMM y"},
}
_MOST_BUSINESS_DAYS = 260
_MOST_DIGITS = 6
_TINIEST = Decimal("1e-15")
_SCHEMES = ("https://", "http://", "mailto:", "tel:")


def language_of(locale: str) -> str:
    """The language whose sentences and formats serve a locale: ja or en."""
    return "ja" if locale[:2].lower() == "ja" else "en"


def filters_for(locale: str, *, html: bool) -> dict[str, Callable[..., Any]]:
    """The formatting filters of one language, for HTML or for plain text."""
    language = language_of(locale)
    return {
        "date": partial(_date, language),
        "number": partial(_number, language),
        "money": partial(_money, language),
        "percent": partial(_percent, language),
        "lines": html_lines if html else str,
        "plural": plural,
        "safe_url": safe_url,
        "business_days_later": business_days_later,
        "weekly_chart": weekly_chart if html else _no_picture,
        "progress_chart": progress_chart if html else _no_picture,
    }


def _no_picture(*_figures: Any) -> str:
    """Plain text has no pictures."""
    return ""


def html_lines(text: str) -> Markup:
    """Text with its line breaks kept visible in HTML."""
    return Markup("<br>").join(escape(text).splitlines())


def plural(count: float, one: str, many: str) -> str:
    """The English word that goes with a number."""
    return one if count == 1 else many


def safe_url(url: str) -> str:
    """The URL, if following it can only open a page, a mail or a call."""
    if not str(url).strip().lower().startswith(_SCHEMES):
        raise ValueError("a link must start with https:, http:, mailto: or tel:")
    return str(url).strip()


def business_days_later(value: Any, count: int, country: str | None = None) -> str:
    """The date so many open days of a country after a date; 0 rolls to the next open day."""
    if abs(count) > _MOST_BUSINESS_DAYS:
        raise ValueError("that many business days cannot be counted")
    return calendar_of(country or None).add(date.fromisoformat(str(value)[:10]), count).isoformat()


def _date(language: str, value: Any, form: str = "long") -> str:
    text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    return _dated(language, text[:10], form)


@lru_cache(maxsize=4096)
def _dated(language: str, day: str, form: str) -> str:
    pattern = _DATES[language].get(form)
    if pattern is None:
        raise ValueError(f'no date form "{form}"; there are {", ".join(_DATES[language])}')
    return format_date(date.fromisoformat(day), pattern, locale=language)


def _number(language: str, value: Any, digits: int = 1) -> str:
    return _numbered(language, _decimal(value), _few(digits))


@lru_cache(maxsize=4096)
def _numbered(language: str, value: Decimal, digits: int) -> str:
    return format_decimal(value, "#,##0" + ("." + "#" * digits if digits else ""), locale=language)


def _money(language: str, minor: Any, currency: str) -> str:
    return _priced(language, _decimal(minor), str(currency).upper())


@lru_cache(maxsize=4096)
def _priced(language: str, minor: Decimal, currency: str) -> str:
    amount = minor.scaleb(-get_currency_precision(currency))
    if language == "ja" and currency == "JPY":
        return f"{format_decimal(amount, '#,##0', locale='ja')}円"
    return format_currency(amount, currency, locale="ja_JP" if language == "ja" else "en_US")


def _percent(language: str, share: Any, digits: int = 0) -> str:
    return _shared(language, _decimal(share), _few(digits))


@lru_cache(maxsize=4096)
def _shared(language: str, share: Decimal, digits: int) -> str:
    return format_percent(share, "#,##0" + ("." + "#" * digits if digits else "") + "%", locale=language)


def _few(digits: int) -> int:
    return max(0, min(int(digits), _MOST_DIGITS))


def _decimal(value: Any) -> Decimal:
    """The number in any form a fact may have; what is none, or larger than any fact, is refused."""
    if isinstance(value, bool):
        raise ValueError("yes or no is not a number")
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError("this is not a number") from error
    if not number.is_finite():
        raise ValueError("this is not a number")
    if not -LARGEST <= number <= LARGEST:
        raise ValueError("this number is too large to be written")
    return number if number >= _TINIEST or number <= -_TINIEST else Decimal()
