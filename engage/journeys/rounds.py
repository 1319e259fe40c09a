"""Where a repeat stands: whether a round begins, must be waited for, or was the last. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from engage.journeys.surroundings import Place
from engage.language.spec import RepeatStep

Memory = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """What is to be done at a repeat: begin round `number`, rest until `due`, or leave after `number` rounds."""

    what: Literal["round", "rest", "until", "at_most"]
    number: int
    due: datetime | None = None


def next_turn(step: RepeatStep, round_: Memory | None, facts: Mapping[str, Any], now: datetime, place: Place) -> Turn:
    """The turn that a repeat takes now; `until` is asked before each round."""
    repeat, number = step.repeat, rounds_done(round_)
    if repeat.until is not None and repeat.until.holds(facts):
        return Turn("until", number)
    if number >= repeat.at_most:
        return Turn("at_most", number)
    due = place.after(datetime.fromisoformat(round_["at"]), repeat.every) if round_ else now
    return Turn("rest", number, due) if due > now else Turn("round", number + 1)


def rounds_done(round_: Memory | None) -> int:
    """How many rounds have begun."""
    return int(round_["number"]) if round_ else 0
