"""The facts one message is rendered from: only those its template names, plain, clean, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from engage.messages.salutations import Salutation

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_STEP = re.compile(r"[^.\[\]]+")
_LONGEST_LIST = 500

Path = Sequence[str]


def path_of(written: str) -> tuple[str, ...]:
    """`handoff.facts[1]` as steps."""
    return tuple(_STEP.findall(written))


def find(facts: Any, path: Path) -> Any:
    """The fact at a path; None when any part of the way is missing."""
    for step in path:
        if isinstance(facts, Mapping):
            facts = facts.get(step)
        elif isinstance(facts, list | tuple) and step.isdigit() and int(step) < len(facts):
            facts = facts[int(step)]
        else:
            return None
    return facts


def missing(facts: Mapping[str, Any], needs: Iterable[str]) -> list[str]:
    """Those of the needed facts that are not there; zero and false are there."""
    return [need for need in needs if find(facts, path_of(need)) in (None, "", [], {}, ())]


def pruned(facts: Mapping[str, Any], paths: Iterable[Path], *, zone: tzinfo) -> dict[str, Any]:
    """A plain copy of the facts at these paths; instants as the reader's wall clock shows them."""
    kept: dict[str, Any] = {}
    for path in sorted(paths, key=len):
        value = plain(find(facts, path), zone)
        if value is not None:
            _put(kept, path, value)
    return kept


def plain(value: Any, zone: tzinfo) -> Any:
    """A value as JSON keeps it, without control characters; what is no data is left out."""
    match value:
        case str():
            return _CONTROLS.sub("", value)
        case bool() | int() | float() | None:
            return value
        case Decimal():
            return str(value)
        case datetime():
            return value.astimezone(zone).isoformat() if value.tzinfo else value.isoformat()
        case date():
            return value.isoformat()
        case Mapping():
            copied = {str(name): plain(part, zone) for name, part in value.items()}
            return {name: part for name, part in copied.items() if part is not None}
        case list() | tuple():
            parts = [plain(part, zone) for part in value[:_LONGEST_LIST]]
            return [part for part in parts if part is not None]
    return None


def greeting(salutation: Salutation) -> dict[str, str]:
    """The salutation under the names templates know."""
    return {"salutation": salutation.full, "salutation_short": salutation.short}


def _put(kept: dict[str, Any], path: Path, value: Any) -> None:
    for step in path[:-1]:
        below = kept.setdefault(step, {})
        if not isinstance(below, dict):
            return
        kept = below
    kept.setdefault(path[-1], value)
