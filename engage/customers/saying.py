"""Which of several words about the same thing holds: the one that was true last, name by name.

A word learned late fills what nobody spoke of, and undoes nothing that was said since; nor does a newer word on one
thing make an older one on another thing old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from engage.customers.picture import Kept

_TRAIT = "traits."


def say(kept: Kept, columns: Mapping[str, Any], traits: Mapping[str, Any], *, at: datetime) -> frozenset[str]:
    """Takes over each column and trait of which nothing newer is known, None for one taken away; the traits taken."""
    stamp = at.isoformat(timespec="microseconds")  # texts of one length: they sort as the instants do
    said_at: dict[str, str] = kept.values["said_at"]
    news = {name: value for name, value in columns.items() if said_at.get(name, "") <= stamp}
    fresh = {name: value for name, value in traits.items() if said_at.get(_TRAIT + name, "") <= stamp}
    if fresh:
        merged = {**kept.values["traits"], **fresh}
        news["traits"] = {name: value for name, value in merged.items() if value is not None}
    taken = [*(name for name in news if name != "traits"), *(_TRAIT + name for name in fresh)]
    kept.set({**news, "said_at": {**said_at, **dict.fromkeys(taken, stamp)}})
    kept.set({"updated_at": max(at, kept.values["updated_at"])})
    return frozenset(fresh)


def fill_gaps(kept: Kept, other: Kept, names: Iterable[str]) -> None:
    """Takes from another row what was never said of this one: of these columns, and every trait."""
    said_at, theirs = kept.values["said_at"], other.values["said_at"]
    gaps = [name for name in names if name not in said_at and kept.values[name] is None]
    traits = [name for name in other.values["traits"] if _TRAIT + name not in said_at]
    stamps = {name: theirs[name] for name in (*gaps, *(_TRAIT + name for name in traits)) if name in theirs}
    kept.set({name: other.values[name] for name in gaps})
    kept.set({"traits": {**{name: other.values["traits"][name] for name in traits}, **kept.values["traits"]}})
    kept.set({"said_at": {**said_at, **stamps}})
