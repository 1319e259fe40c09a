"""The facts one message is rendered from: only those its template names, plain, clean, in the reader's language."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any

from engage.messages.salutations import Salutation

RULE = "_approval"  # where the inputs keep who is asked; templates cannot reach names with an underscore
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_STEP = re.compile(r"[^.\[\]]+")
_LONGEST_LIST = 500

Path = Sequence[str]
_Tree = dict[str, "_Tree | None"]


@lru_cache(maxsize=4096)
def path_of(written: str) -> tuple[str, ...]:
    """`handoff.facts[1]` as steps."""
    return tuple(_STEP.findall(written))


def find(facts: Any, path: Path) -> Any:
    """The fact at a path; None when any part of the way is missing."""
    for step in path:
        if type(facts) is dict or isinstance(facts, Mapping):
            facts = facts.get(step)
        elif isinstance(facts, list | tuple) and step.isdigit() and int(step) < len(facts):
            facts = facts[int(step)]
        else:
            return None
    return facts


def missing(facts: Mapping[str, Any], needs: Iterable[str]) -> list[str]:
    """Those of the needed facts that are not there; zero and false are there."""
    return [need for need in needs if find(facts, path_of(need)) in (None, "", [], {}, ())]


def pruned(facts: Mapping[str, Any], paths: frozenset[tuple[str, ...]], *, zone: tzinfo) -> dict[str, Any]:
    """A plain copy of the facts at these paths; instants as the reader's wall clock shows them."""
    return _pruned(facts, _tree(paths), zone)


def plain(value: Any, zone: tzinfo) -> Any:
    """A value as JSON keeps it, without control characters; what is no data is left out."""
    match value:
        case str():
            return value if value.isprintable() else _CONTROLS.sub("", value)
        case bool() | int() | None:
            return value
        case float():
            return value if math.isfinite(value) else None  # a database takes no infinity as JSON
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


@lru_cache(maxsize=1024)
def _tree(paths: frozenset[tuple[str, ...]]) -> _Tree:
    """The paths as a tree; None where everything below is wanted."""
    tree: _Tree = {}
    for path in sorted(paths, key=len):
        below = tree
        for step in path[:-1]:
            branch = below.setdefault(step, {})
            if branch is None:
                break
            below = branch
        else:
            below.setdefault(path[-1], None)
    return tree


def _is_plain(value: Any) -> bool:
    """What most facts are: a whole number, or a text without control characters."""
    kind = type(value)
    return value.isprintable() if kind is str else kind is int


def _pruned(facts: Mapping[str, Any], tree: _Tree, zone: tzinfo) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, below in tree.items():
        value = facts.get(name)
        if value is None:
            continue
        if below is not None and isinstance(value, Mapping):
            value = _pruned(value, below, zone)
            if not value:
                continue
        elif not _is_plain(value):
            value = plain(value, zone)
        if value is not None:
            kept[name] = value
    return kept
