"""What a trait is worth under its declared type. `trait_sql.py` says the same to the databases; a test compares."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engage.events.instants import parse_instant
from engage.events.written_forms import narrow, parse_date, parse_yes
from engage.language.values import LARGEST

# Characters that no written number, date or yes has; what becomes of them in plain form differs between versions.
UNREADABLE = "[\uf900-\ufaff\U00010000-\U0010ffff]"
NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?"
MOST_DIGITS = 15
MOMENT = (
    r"((?:19[89]|2[01][0-9])[0-9])-([0-9]{2})-([0-9]{2})"
    r"(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,6})?)?"
    r"(Z|[+-](?:0[0-9]|1[0-5])(?::?[0-5][0-9])?)?)?"
)
SEPARATORS = "[;；,、\n]"
_unreadable, _number, _moment = re.compile(UNREADABLE), re.compile(NUMBER), re.compile(MOMENT)


def typed(kind: str | None, value: Any) -> Any:
    """A value in its declared type; what cannot be read so is missing."""
    if kind is None:
        return value
    if value is None or value == "" or kind not in _READ:
        return None
    try:
        return _READ[kind](value)
    except ValueError:
        return None


def listed(said: Any) -> list[str]:
    """The parts of a list, or of one text with separators."""
    parts = re.split(SEPARATORS, said) if isinstance(said, str) else said if isinstance(said, list) else []
    return [str(part).strip() for part in parts if str(part).strip()]


def text_of(value: Any) -> str | None:
    """A text, or a number or yes in its plainest writing; a list has none."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return format(Decimal(repr(value or 0.0)), "f")
    return None


def _read_number(value: Any) -> int | float | None:
    if isinstance(value, str):
        plain = _plain(value).replace(",", "")
        if not _number.fullmatch(plain) or sum(map(str.isdigit, plain)) > MOST_DIGITS:
            return None
        return float(plain) if "." in plain else int(plain)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) <= LARGEST else None


def _read_yes(value: Any) -> bool | None:
    return value if isinstance(value, bool) else parse_yes(_plain(text_of(value)))


def _read_date(value: Any) -> date | None:
    said = None if isinstance(value, bool) else text_of(value)
    return parse_date(said) if said is not None and _plain(said) else None


def _read_moment(value: Any) -> datetime | None:
    return parse_instant(value) if isinstance(value, str) and _moment.fullmatch(value.strip()) else None


def _plain(text: str | None) -> str:
    if text is None or _unreadable.search(text):
        raise ValueError("not readable")
    return narrow(text)


_READ: Mapping[str, Callable[[Any], Any]] = {
    "text": text_of,
    "number": _read_number,
    "bool": _read_yes,
    "date": _read_date,
    "instant": _read_moment,
    "list": lambda value: value if isinstance(value, list) else listed(value),
}
