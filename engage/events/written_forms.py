"""Dates, amounts and yes/no as people in Japan and elsewhere write them in a spreadsheet; pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from functools import lru_cache

from babel.numbers import get_currency_precision, is_currency

from engage.calendars.zones import MIDNIGHT, instant_of

# NFKC would replace these characters of people's names by others that they do not write.
_NAME_VARIANTS = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f]+)")
_SPACES = re.compile(r"[ \t\u3000\u00a0]+")
YEAR_FIRST = r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[T ][0-9]{1,2}:[0-9]{2}[^\n]*)?"
KANJI = r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日"
COMPACT = r"([0-9]{4})([0-9]{2})([0-9]{2})"
ERA = r"(令和|平成|昭和|[RHS])([0-9]{1,2}|元)(?:年|[-/.])([0-9]{1,2})(?:月|[-/.])([0-9]{1,2})日?"
ERA_STARTS = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988, "昭和": 1925, "S": 1925}
FIRST_YEAR, LAST_YEAR = 1950, 2200
_WESTERN = tuple(re.compile(pattern) for pattern in (YEAR_FIRST, KANJI, COMPACT))
_TIME_OF_DAY = re.compile(r"(?:[T ] ?|(?<=日))(\d{1,2})(?::|時)(\d{2})(?:分?$|(?::|分)(\d{2})秒?(?:\.\d+)?$)")
_ERA = re.compile(ERA)
YES = frozenset({"true", "t", "yes", "y", "1", "on", "はい", "有", "あり", "○", "〇", "◯", "する"})
NO = frozenset({"false", "f", "no", "n", "0", "off", "いいえ", "無", "なし", "×", "x", "しない"})
_MOST_MINOR_UNITS = 10**15


def narrow(text: str) -> str:
    """Full-width letters, digits and signs in their plain form, half-width kana in full; name variants stay."""
    parts = _NAME_VARIANTS.split(text)
    plain = "".join(p if i % 2 else unicodedata.normalize("NFKC", p) for i, p in enumerate(parts))
    return _SPACES.sub(" ", plain).strip()


@lru_cache(maxsize=65_536)  # a look at dates reads the same texts every day
def parse_date(text: str) -> date:
    """The day in 2027-03-31, 2027/3/31, 2027年3月31日, 20270331 or 令和9年3月31日; ValueError says why not."""
    plain = narrow(text).replace(" ", "") if "T" not in text and ":" not in text else narrow(text)
    for pattern in _WESTERN:
        if found := pattern.fullmatch(plain):
            return _day(int(found[1]), found[2], found[3], text)
    if found := _ERA.fullmatch(plain):
        year = ERA_STARTS[found[1]] + (1 if found[2] == "元" else int(found[2]))
        return _day(year, found[3], found[4], text)
    raise ValueError(f"{text!r} is not a date; write it like 2027-03-31 or 2027年3月31日")


def parse_moment(text: str, zone: tzinfo) -> datetime:
    """The instant of a day with or without a time of day, on the clock there; ValueError says why not."""
    plain = narrow(text)
    found = _TIME_OF_DAY.search(plain)
    if found is None and ":" in plain:
        raise ValueError(f"{text!r} is not a date with a time of day; write it like 2027-03-31 9:00")
    day = parse_date(plain[: found.start()] if found else plain)
    return instant_of(day, _time_of_day(found, text) if found else MIDNIGHT, zone)


def _time_of_day(found: re.Match[str], text: str) -> time:
    hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        return time(hour, minute, second)
    except ValueError:
        raise ValueError(f"{text!r} is a time of day that does not exist") from None


def _day(year: int, month: str, day: str, text: str) -> date:
    try:
        read = date(year, int(month), int(day))
    except ValueError:
        raise ValueError(f"{text!r} is a day that does not exist") from None
    if not FIRST_YEAR <= read.year <= LAST_YEAR:
        raise ValueError(f"{text!r} lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return read


def parse_yes(text: str) -> bool:
    """True or false from yes/no, 1/0, はい/いいえ, 有/無 and the like; ValueError says why not."""
    plain = narrow(text).casefold()
    if plain in YES:
        return True
    if plain in NO:
        return False
    raise ValueError(f"{text!r} is neither yes nor no")


def parse_whole(text: str) -> int:
    """The whole number in 1200, 1,200 or １２００; ValueError says why not."""
    plain = narrow(text).replace(",", "")
    if not re.fullmatch(r"-?[0-9]{1,15}", plain):
        raise ValueError(f"{text!r} is not a whole number")
    return int(plain)


def parse_currency(text: str) -> str:
    """The three letters of a currency; ValueError says why not."""
    plain = {"円": "JPY", "¥": "JPY", "$": "USD", "€": "EUR"}.get(narrow(text).upper(), narrow(text).upper())
    if not is_currency(plain):
        raise ValueError(f"{text!r} is not a currency; write it like JPY or USD")
    return plain


def minor_units(text: str, currency: str) -> int:
    """An amount such as ¥1,200,000 or 120万円 in the currency's smallest unit; ValueError says why not."""
    plain = re.sub(r"^[¥\\$€]|円$", "", narrow(text).replace(",", "").replace(" ", ""))
    scale = Decimal(10_000) if plain.endswith("万") else Decimal(1)
    try:
        amount = Decimal(plain.removesuffix("万")) * scale * 10 ** get_currency_precision(currency)
        is_possible = 0 <= amount <= _MOST_MINOR_UNITS
    except (ArithmeticError, ValueError):
        raise ValueError(f"{text!r} is not an amount") from None
    if not is_possible:
        raise ValueError(f"{text!r} cannot be the amount of a contract")
    if amount != int(amount):
        raise ValueError(f"{text!r} is finer than {currency} can be paid in")
    return int(amount)
