"""Runs the examples of playbooks, one after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from engage.errors import PlaybookError
from engage.language.examples import Example
from engage.rollout.proving.happenings import CannotHappenError
from engage.rollout.proving.judging import Verdict, judge
from engage.rollout.proving.playing import Played, play
from engage.rollout.proving.stores import ScratchStores


@dataclass(frozen=True)
class ExampleResult:
    """What became of one example; `problem` where it could not be played to its end."""

    playbook: str
    number: int
    example: Example
    seconds: float
    played: Played | None = None
    verdict: Verdict | None = None
    problem: str | None = None

    @property
    def passed(self) -> bool:
        """Whether it holds."""
        return self.verdict is not None and self.verdict.passed

    def name(self, locale: str) -> str:
        """What it shows, or its number."""
        return self.example.name.for_locale(locale) if self.example.name else f"#{self.number}"


def run_examples(stores: ScratchStores, key: str) -> Iterator[ExampleResult]:
    """Plays the examples of a playbook in their order."""
    for number, example in enumerate(stores.playbook(key).tests, start=1):
        yield run_example(stores, key, number, example)


def run_example(stores: ScratchStores, key: str, number: int, example: Example) -> ExampleResult:
    """Plays one example and judges it; raises PlaybookError where the playbook itself is wrong."""
    began = time.perf_counter()
    try:
        played = play(stores, key, example)
    except PlaybookError:
        raise
    except CannotHappenError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return ExampleResult(key, number, example, time.perf_counter() - began, problem=f"{error.message}{hint}")
    return ExampleResult(key, number, example, time.perf_counter() - began, played, judge(played))
