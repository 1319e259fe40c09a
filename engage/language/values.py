"""What a fact's raw value means under its declared type; what does not fit counts as missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from engage.language.catalogue import Kind


def lookup(facts: Mapping[str, Any], path: str) -> Any:
    """The raw value at a dotted path; None when any part of the way is absent."""
    value: Any = facts
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def coerce(kind: Kind, value: Any) -> Any:
    """The value as its type, or None when it is missing or of another type."""
    if value is None or kind in ("any", "object"):
        return value
    match kind:
        case "text":
            return value if isinstance(value, str) else None
        case "number":
            return value if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None
        case "bool":
            return value if isinstance(value, bool) else None
        case "list":
            return tuple(value) if isinstance(value, list | tuple) else None
        case "date":
            return _date(value)
        case "instant":
            return _instant(value)


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
