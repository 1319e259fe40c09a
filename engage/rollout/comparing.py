"""What differs between two plays: the same things found before and after, at the same time or another."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar


class Timed(Protocol):
    """Something that happens at a time; `same` is what makes it the same thing, whenever it happens."""

    @property
    def at(self) -> datetime: ...

    @property
    def same(self) -> Hashable: ...

    def __lt__(self, other: Any, /) -> bool: ...


One = TypeVar("One", bound=Timed)


@dataclass(frozen=True)
class Difference(Generic[One]):
    """What is only there before, what only after, and what moved in time: (before, after)."""

    gone: tuple[One, ...]
    new: tuple[One, ...]
    moved: tuple[tuple[One, One], ...]


def compare(before: Iterable[One], after: Iterable[One]) -> Difference[One]:
    """The difference between two plays of the same history, each in the order of time."""
    old, new = _by_sameness(before), _by_sameness(after)
    gone: list[One] = []
    added: list[One] = []
    moved: list[tuple[One, One]] = []
    for key in old.keys() | new.keys():
        was, now = old.get(key, []), new.get(key, [])
        moved += [(a, b) for a, b in zip(was, now, strict=False) if a.at != b.at]
        gone += was[len(now) :]
        added += now[len(was) :]
    return Difference(tuple(sorted(gone)), tuple(sorted(added)), tuple(sorted(moved)))


def _by_sameness(things: Iterable[One]) -> dict[Hashable, list[One]]:
    found: dict[Hashable, list[One]] = {}
    for one in things:
        found.setdefault(one.same, []).append(one)
    return found
