"""What a fact's raw value means under its declared type; what does not fit counts as missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from engage.language.catalogue import Kind

LARGEST = 10**15  # beyond it no fact is a number; up to it whole numbers are exact in both databases
TINIEST = 1e-15  # in sums anything smaller is nothing
_CASELESS_FROM = 0x20000  # beyond it there are only signs of Chinese and what is nobody's
HEARD = "heard"  # where the facts keep what was counted, each under its own text


def lookup(facts: Mapping[str, Any], path: str) -> Any:
    """The raw value at a dotted path; None when any part of the way is absent."""
    if path.endswith(")"):
        return (facts.get(HEARD) or {}).get(path)
    value: Any = facts
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


@cache
def lower_case() -> tuple[str, str]:
    """Every capital letter, and the small one in its place: one for one, in whatever word it stands."""
    letters = [chr(code) for code in range(_CASELESS_FROM) if chr(code).lower() != chr(code)]
    pairs = [(letter, letter.lower()) for letter in letters if len(letter.lower()) == 1]
    return "".join(large for large, _ in pairs), "".join(small for _, small in pairs)


def lower_of(text: str) -> str:
    """The text in small letters, as both databases write it."""
    return text.lower() if text.isascii() else text.translate(_small())


@cache
def _small() -> dict[int, int]:
    return str.maketrans(*lower_case())


def coerce(kind: Kind, value: Any) -> Any:
    """The value as its type, or None when it is missing or of another type."""
    if value is None or kind in ("any", "object"):
        return value
    match kind:
        case "text":
            return value if isinstance(value, str) else None
        case "number":
            return value if _is_number(value) else None
        case "bool":
            return value if isinstance(value, bool) else None
        case "list":
            return tuple(value) if isinstance(value, list | tuple) else None
        case "date":
            return _date(value)
        case "instant":
            return _instant(value)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    return -LARGEST <= value <= LARGEST


def _date(value: Any) -> date | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value[:10]) if len(value) >= 10 else None
        except ValueError:
            return None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _instant(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value
