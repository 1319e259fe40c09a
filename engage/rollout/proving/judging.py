"""Whether what came is what an example expects: each row met once, and no message to a customer beside them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from engage.language.examples import Expected
from engage.rollout.proving.outcomes import SENT, Came, Kind
from engage.rollout.proving.playing import Played

_NOTHING: dict[str, tuple[Kind, ...]] = {"message": SENT, "task": ("task",), "anything": (*SENT, "task")}


@dataclass(frozen=True)
class Unmet:
    """A row that was not met, and the things that came instead: like it, or in a time in which nothing was to come."""

    number: int
    row: Expected
    instead: tuple[Came, ...]


@dataclass(frozen=True)
class Verdict:
    """What is wrong; nothing when both are empty."""

    unmet: tuple[Unmet, ...]
    unexpected: tuple[Came, ...]

    @property
    def passed(self) -> bool:
        """Whether the example holds."""
        return not self.unmet and not self.unexpected


def judge(played: Played) -> Verdict:
    """Compares what came with what is expected."""
    rows = [(number, row) for number, row in enumerate(played.example.expect, start=1) if row.nothing is None]
    fitting = {
        number: [index for index, came in enumerate(played.came) if fits(row, came, played.zone)]
        for number, row in rows
    }
    met = _matched(fitting)
    unmet = [Unmet(number, row, _alike(row, played.came)) for number, row in rows if number not in met]
    for number, row in enumerate(played.example.expect, start=1):
        if row.nothing is not None:
            wrong = tuple(
                came for came in played.came if came.kind in _NOTHING[row.nothing] and _in_time(row, came, played.zone)
            )
            unmet += [Unmet(number, row, wrong)] if wrong else []
    taken = set(met.values())
    unexpected = [came for index, came in enumerate(played.came) if came.kind in SENT and index not in taken]
    return Verdict(tuple(sorted(unmet, key=lambda one: one.number)), tuple(unexpected))


def fits(row: Expected, came: Came, zone: tzinfo) -> bool:
    """Whether this is what the row expects."""
    return _is_it(row, came) and _in_time(row, came, zone) and not shortcomings(row, came)


def shortcomings(row: Expected, came: Came) -> list[str]:
    """The words of the row that are not true of it, its time aside."""
    text = " ".join(came.words.split())
    wrong = []
    if row.to is not None and row.to not in ((came.who,) if came.kind == "task" else (came.who, *came.roles)):
        wrong.append("to")
    if row.from_ is not None and row.from_ != came.sender:
        wrong.append("from")
    if any(" ".join(words.split()) not in text for words in row.says):
        wrong.append("says")
    if row.because is not None and row.because.casefold() not in came.reason.casefold():
        wrong.append("because")
    return wrong


def _is_it(row: Expected, came: Came) -> bool:
    if row.what != came.kind:
        return False
    said = str(getattr(row, row.what))
    if came.kind == "task":
        return said == came.step or said.casefold() in came.words.casefold()
    return said == came.what


def _in_time(row: Expected, came: Came, zone: tzinfo) -> bool:
    return row.at is None or row.at.begins(zone) <= came.at < row.at.ends(zone)


def _alike(row: Expected, came: Sequence[Came]) -> tuple[Came, ...]:
    return tuple(one for one in came if _is_it(row, one))


def _matched(fitting: dict[int, list[int]]) -> dict[int, int]:
    """As many rows as possible, each with a thing of its own."""
    taken: dict[int, int] = {}

    def place(number: int, tried: set[int]) -> bool:
        for index in fitting[number]:
            if index not in tried:
                tried.add(index)
                if index not in taken or place(taken[index], tried):
                    taken[index] = number
                    return True
        return False

    for number in fitting:
        place(number, set())
    return {number: index for index, number in taken.items()}
