"""Dates, amounts and yes/no as people in Japan and elsewhere write them in a spreadsheet; pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation

from babel.numbers import get_currency_precision, is_currency

# NFKC would replace these characters of people's names by others that they do not write.
_NAME_VARIANTS = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f]+)")
_SPACES = re.compile(r"[ \t\u3000\u00a0]+")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]\d{1,2}:\d{2}.*)?")
_KANJI = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_ERA = re.compile(r"(令和|平成|昭和|[RHS])(\d{1,2}|元)(?:年|[-/.])(\d{1,2})(?:月|[-/.])(\d{1,2})日?")
_ERA_STARTS = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988, "昭和": 1925, "S": 1925}
_YES = frozenset({"true", "t", "yes", "y", "1", "on", "はい", "有", "あり", "○", "〇", "◯", "する"})
_NO = frozenset({"false", "f", "no", "n", "0", "off", "いいえ", "無", "なし", "×", "x", "しない"})
_MOST_MINOR_UNITS = 10**15


def narrow(text: str) -> str:
    """Full-width letters, digits and signs in their plain form, half-width kana in full; name variants stay."""
    parts = _NAME_VARIANTS.split(text)
    plain = "".join(p if i % 2 else unicodedata.normalize("NFKC", p) for i, p in enumerate(parts))
    return _SPACES.sub(" ", plain).strip()


def parse_date(text: str) -> date:
    """The day in 2027-03-31, 2027/3/31, 2027年3月31日, 20270331 or 令和9年3月31日; ValueError says why not."""
    plain = narrow(text).replace(" ", "") if "T" not in text and ":" not in text else narrow(text)
    for pattern in (_YEAR_FIRST, _KANJI, _COMPACT):
        if found := pattern.fullmatch(plain):
            return _day(int(found[1]), found[2], found[3], text)
    if found := _ERA.fullmatch(plain):
        year = _ERA_STARTS[found[1]] + (1 if found[2] == "元" else int(found[2]))
        return _day(year, found[3], found[4], text)
    raise ValueError(f"{text!r} is not a date; write it like 2027-03-31 or 2027年3月31日")


def _day(year: int, month: str, day: str, text: str) -> date:
    try:
        read = date(year, int(month), int(day))
    except ValueError:
        raise ValueError(f"{text!r} is a day that does not exist") from None
    if not 1950 <= read.year <= 2200:
        raise ValueError(f"{text!r} lies outside the years 1950 to 2200")
    return read


def parse_yes(text: str) -> bool:
    """True or false from yes/no, 1/0, はい/いいえ, 有/無 and the like; ValueError says why not."""
    plain = narrow(text).casefold()
    if plain in _YES:
        return True
    if plain in _NO:
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
        whole = int(amount)
    except (InvalidOperation, ValueError, OverflowError):
        raise ValueError(f"{text!r} is not an amount") from None
    if amount != whole:
        raise ValueError(f"{text!r} is finer than {currency} can be paid in")
    if not 0 <= whole <= _MOST_MINOR_UNITS:
        raise ValueError(f"{text!r} cannot be the amount of a contract")
    return whole
