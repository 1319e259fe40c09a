"""How a condition comes to hold on some day and not weeks before: what is known, what is told, what is used. Pure."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from engage.language.evaluation import is_true
from engage.language.expressions import Expression
from engage.language.tree import Arithmetic, Compare, Heard, Literal_, Logic, Node, parts_of
from engage.language.values import HEARD
from engage.rollout.proving.turning import counted

BEFORE = 20  # so many days before the day is the engine's first look; what comes earlier is learned then
_DAY = date(2026, 11, 16)
_ENOUGH, _STARTS, _SWEEPS, _SEED = 12, 80, 4, 0
Values = tuple[Any, ...]


@dataclass(frozen=True)
class Ago:
    """A date so many days before the day; after it where there are fewer than none."""

    days: int

    def on(self, day: date) -> str:
        """As it is written."""
        return (day - timedelta(days=self.days)).isoformat()


@dataclass(frozen=True)
class Use:
    """An event that comes so often, spread from one day to another; both counted from the day."""

    event: str
    first: int
    last: int
    times: int

    def moments(self) -> list[datetime]:
        """When it comes."""
        begins, span = _noon(self.first), timedelta(days=self.last - self.first)
        return [begins + span * (number + 0.5) / self.times for number in range(self.times)]


@dataclass(frozen=True)
class Turn:
    """One way: what is known from the start, what is told on the day, and what is used before and on it."""

    known: Mapping[str, Any]
    told: Mapping[str, Any]
    uses: tuple[Use, ...]


def nested(chosen: Mapping[str, Any], filled: Mapping[str, Any], day: date = _DAY) -> dict[str, Any]:
    """Facts by path as conditions read them, with those that are filled in and those that every such customer has."""
    known: dict[str, Any] = {
        "account": {"is_test": False, "country": "JP", "touch_model": "tech"},
        "contact": {"is_staff": False, "has_left": False},
        "contract": {"state": "active", "term_days": 365, "auto_renew": False, "contact_policy": "direct"},
        "today": day,
        "now": datetime.combine(day, time(12), UTC),
    }
    known["contract"] |= {"starts_on": Ago(BEFORE + 60).on(_DAY), "ends_on": Ago(BEFORE + 60 - 364).on(_DAY)}
    for path, value in {**filled, **chosen}.items():
        group, _, name = path.partition(".")
        if value is not None:
            known.setdefault(group, {})[name] = value.on(_DAY) if isinstance(value, Ago) else value
    return known


def turns(
    becomes: Expression, audience: Expression | None, facts: Mapping[str, Values], filled: Mapping[str, Any]
) -> tuple[Turn, ...]:
    """Ways in which the condition turns true for somebody whom the audience takes in; none where none was found.

    `filled` are the facts that a customer has though nobody says them.
    """
    search = _Search(becomes, audience, facts, filled)
    found: dict[str, Turn] = {}
    for _ in range(_STARTS):
        turn = search.once()
        if turn is not None:
            found.setdefault(repr(turn), turn)
        if len(found) >= _ENOUGH:
            break
    return tuple(found.values())


class _Search:
    """Climbs from random beginnings: one fact or use after the other gets the value with which most holds."""

    def __init__(
        self, becomes: Expression, audience: Expression | None, facts: Mapping[str, Values], filled: Mapping[str, Any]
    ) -> None:
        self._becomes = becomes
        self._filled = filled
        self._both: list[Node] = [becomes.tree, *([audience.tree] if audience is not None else [])]
        asked = becomes.names | (audience.names if audience is not None else frozenset())
        self._random = Random(_SEED)  # noqa: S311  # nothing secret
        self._own = [path for path in facts if path in becomes.names]
        self._choices: dict[str, Sequence[Any]] = {path: (None, *facts[path]) for path in facts if path in asked}
        self._heard = [part for node in self._both for part in parts_of(node) if isinstance(part, Heard)]
        self._patterns = _patterns(self._both, self._heard)

    def once(self) -> Turn | None:
        """One way; None where this beginning led to none."""
        chosen = self._climb()
        if self._score(chosen) < 1:
            return None
        uses = tuple(use for event in self._patterns for use in chosen[event] or ())
        values = {path: chosen[path] for path in self._choices if chosen[path] is not None or path in self._filled}
        all_ = [path for path in self._own if values.get(path) is not None]
        for told in ([path for path in all_ if self._random.random() < 1 / 2], all_):
            before = {path: None if path in told else value for path, value in values.items()}
            known = {path: value for path, value in before.items() if value is not None or path in self._filled}
            if not is_true(self._becomes.tree, self._facts(known, uses, days_before=BEFORE)):
                return Turn(known, {path: values[path] for path in told}, uses)
        return None

    def _climb(self) -> dict[str, Any]:
        options: dict[str, Sequence[Any]] = {**self._choices, **self._patterns}
        asked = {*self._own, *self._patterns}
        chosen = {name: self._random.choice(some) if name in asked else None for name, some in options.items()}
        for _ in range(_SWEEPS):
            for name in self._random.sample(sorted(options), len(options)):
                best = [(self._score({**chosen, name: value}), value) for value in options[name]]
                top = max(score for score, _ in best)
                if top > self._score(chosen):
                    chosen[name] = self._random.choice([value for score, value in best if score == top])
        return chosen

    def _score(self, chosen: Mapping[str, Any]) -> float:
        uses = tuple(use for event in self._patterns for use in chosen[event] or ())
        facts = self._facts({path: chosen[path] for path in self._choices}, uses)
        return sum(_share(node, facts) for node in self._both) / len(self._both)

    def _facts(self, chosen: Mapping[str, Any], uses: Iterable[Use], days_before: int = 0) -> dict[str, Any]:
        facts = nested(chosen, self._filled, _DAY - timedelta(days=days_before))
        came: dict[str, list[datetime]] = defaultdict(list)
        for use in uses:
            came[use.event] += use.moments()
        facts[HEARD] = {one.path: counted(one, sorted(came[one.event]), facts["now"]) for one in self._heard}
        return facts


def _share(node: Node, facts: Mapping[str, Any]) -> float:
    """How much of a condition holds: 1 where all does."""
    if isinstance(node, Logic):
        shares = [_share(part, facts) for part in node.parts]
        return sum(shares) / len(shares) if node.op == "and" else max(shares)
    return float(is_true(node, facts))


def _patterns(nodes: Sequence[Node], heard: Sequence[Heard]) -> dict[str, Sequence[Any]]:
    """For each event that is counted, uses of it that may matter: none, some lately, some before and fewer lately."""
    numbers, shares = _numbers(nodes)
    found: dict[str, Sequence[Any]] = {}
    for event in dict.fromkeys(one.event for one in heard):
        former = [one.days for one in heard if one.event == event and one.function == "count_before"]
        window = min(former or [one.days for one in heard if one.event == event])
        found[event] = [None, *_uses(event, min(window, 60), numbers, shares if former else ())]
    return found


def _uses(event: str, window: int, numbers: Sequence[int], shares: Sequence[float]) -> Iterator[tuple[Use, ...]]:
    lately = (-window + 2, -BEFORE - 1) if window > BEFORE + 3 else (0, 0)
    for number in numbers:
        yield (Use(event, 0, 0, number),)
        yield (Use(event, *lately, number),)
    most = max(numbers, default=10) + 4
    former = Use(event, -2 * window + 2, -window - 2, most)
    if shares:
        yield (former,)
    for share in shares:
        yield (former, Use(event, *lately, max(1, round(most * share))))


def _numbers(nodes: Sequence[Node]) -> tuple[list[int], list[float]]:
    """How many uses conditions ask for, and which shares of the former ones; with the middles between shares."""
    counts, shares = {1}, set[float]()
    for node in (part for one in nodes for part in parts_of(one)):
        if isinstance(node, Compare) and isinstance(node.right, Literal_) and isinstance(node.left, Heard):
            value = node.right.value
            counts |= {int(value), int(value) + 1} if isinstance(value, int | float) else set()
        if isinstance(node, Arithmetic):
            shares |= {float(one.value) for one in parts_of(node)
                       if isinstance(one, Literal_) and isinstance(one.value, int | float)}  # fmt: skip
    known = [0.0, *sorted(one for one in shares if 0 < one < 1), 1.0]
    middles = [(a + b) / 2 for a, b in itertools.pairwise(known)]
    return sorted(number for number in counts if 0 < number <= 100), sorted({*shares, *middles} - {0.0})


def _noon(days: int) -> datetime:
    return datetime.combine(_DAY + timedelta(days=days), time(11), UTC)
