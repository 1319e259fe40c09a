"""What every drill is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.drills.stage import Stage


@dataclass(frozen=True)
class Drill:
    """A story with a criterion: it plays on a stage, and tells there what held."""

    number: int
    name: str
    title: str
    criterion: str
    play: Callable[[Stage], None]
