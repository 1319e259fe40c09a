"""Attacks invariants with invented histories, played by the real engine, and keeps the shortest that breaks each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from engage.errors import EngageError
from engage.journeys.surroundings import Surroundings
from engage.language.examples import Example
from engage.language.invariants import Invariant
from engage.rollout.proving.breaches import Broken, Hearing, Witness, conditions_of
from engage.rollout.proving.ingredients import ingredients_of
from engage.rollout.proving.playing import Played, play
from engage.rollout.proving.stores import ScratchStores

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

HISTORIES, SECONDS = 100, 10.0
FEW = 30  # histories in which the playbook begins; with fewer, that none broke a sentence says little


class NoHypothesisError(EngageError):
    """Invariants cannot be attacked without the library that invents histories."""

    code = "no_hypothesis"


@dataclass(frozen=True)
class CounterExample:
    """A history that breaks an invariant, and what broke it."""

    played: Played
    broken: Broken


@dataclass(frozen=True)
class InvariantResult:
    """What became of one invariant: how many histories were tried, in how many it began, and the one that breaks it."""

    playbook: str
    number: int
    invariant: Invariant
    tried: int
    began: int
    counter: CounterExample | None = None

    @property
    def passed(self) -> bool:
        """Whether no history broke it."""
        return self.counter is None

    @property
    def says_little(self) -> bool:
        """Whether it was not broken for want of trying."""
        return self.passed and self.began < FEW


@dataclass(frozen=True)
class Effort:
    """How many histories are tried, how many seconds at most, and from which beginning they are drawn."""

    histories: int = HISTORIES
    seconds: float = SECONDS
    seed: int = 0
    shortens: bool = True  # whether a history that breaks something is made as short as it can be


def attack(stores: ScratchStores, key: str, effort: Effort) -> list[InvariantResult]:
    """Tries to break every invariant of a playbook; raises NoHypothesisError where that cannot be done."""
    playbook = stores.playbook(key)
    if not playbook.never:
        return []
    strategy = _strategy(stores, key)
    tries = _Tries(stores, key, time.monotonic() + effort.seconds, effort.histories)
    found: dict[int, CounterExample] = {}
    open_ = list(range(len(playbook.never)))
    while open_ and (counter := _search(tries, strategy, open_, effort)) is not None:
        number, history = counter
        found[number] = history
        open_.remove(number)
    return [
        InvariantResult(key, number + 1, one, tries.count, tries.began, found.get(number))
        for number, one in enumerate(playbook.never)
    ]


def _strategy(stores: ScratchStores, key: str) -> SearchStrategy[Example]:
    try:
        from engage.rollout.proving.histories import histories
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("hypothesis"):
            raise
        hint = "pip install 'engage[test]'"
        raise NoHypothesisError("invariants need the library Hypothesis, which is not installed", hint=hint) from None
    playbook = stores.playbook(key)
    return histories(stores, playbook, ingredients_of(playbook, stores.workspace, playbook.never))


@dataclass
class _Tries:
    """Plays histories, each once, and remembers what every one broke."""

    stores: ScratchStores
    key: str
    until: float
    most: int
    count: int = 0
    began: int = 0
    played: dict[str, tuple[Played | None, dict[int, Broken]]] = field(default_factory=dict)

    def broken_by(self, history: Example) -> tuple[Played | None, dict[int, Broken]]:
        """The play and what it broke; nothing when the time is up."""
        name = history.model_dump_json(by_alias=True)
        if name not in self.played:
            if time.monotonic() > self.until:
                return None, {}
            self.count += 1
            self.played[name] = self._try(history)
        return self.played[name]

    def _try(self, history: Example) -> tuple[Played | None, dict[int, Broken]]:
        invariants = self.stores.playbook(self.key).never
        witness = Witness(conditions_of(invariants))
        try:
            played = play(self.stores, self.key, history, watch=witness if witness.conditions else None, lenient=True)
        except EngageError:  # a history that makes no sense proves nothing
            return None, {}
        self.began += bool(played.runs)
        account = played.cast.account
        place = Surroundings(self.stores.vocabulary).place(account.get("time_zone"), account.get("country"))
        heard = Hearing(self.stores.playbook(self.key), played, witness, place)
        return played, {n: found for n, one in enumerate(invariants) if (found := heard.breaks(one)) is not None}


def _search(
    tries: _Tries, strategy: SearchStrategy[Example], open_: Sequence[int], effort: Effort
) -> tuple[int, CounterExample] | None:
    """The shortest history found that breaks one of the open invariants: the first that was broken, once shrunk."""
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis.errors import HypothesisException

    target: list[int] = []
    best: list[tuple[tuple[int, int], CounterExample]] = []

    def breaks(history: Example) -> bool:
        played, broken = tries.broken_by(history)
        number = next((one for one in (target or open_) if one in broken), None)
        if played is None or number is None:
            return False
        if not target:
            target.append(number)
            tries.until += effort.seconds  # as much again for making it shorter
        size = (len(history.then), len(history.model_dump_json()))
        best.append((size, CounterExample(played, broken[number])))
        return True

    setting = settings(
        max_examples=effort.histories,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink) if effort.shortens else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    with suppress(HypothesisException):  # none was found, or the time was up while it was made shorter
        find(strategy, breaks, settings=setting, random=Random(effort.seed))  # noqa: S311  # nothing secret
    return (target[0], min(best, key=lambda one: one[0])[1]) if best else None
