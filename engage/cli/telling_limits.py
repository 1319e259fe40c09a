"""What the team's own limits said about a message, in words: the gate that was closed, the budget that was used up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from engage.journeys.holding_out import WHY

_WHY_SKIPPED = {reason: words["en"] for reason, words in WHY.items()}
_HEARS = "the {of} may hear from us {at_most} times in {within}"
_GETS = "at most {at_most} in {within} to one person, by mail"
TOLD_APART = frozenset({"copies", "gate", "title", "facts", "budget", "carrier"})


def why_ended(reason: str) -> str:
    """Why a run ended, or was not begun, in words where we have them."""
    return f"{reason}: {_WHY_SKIPPED[reason]}" if reason in _WHY_SKIPPED else reason


def limits_told(inputs: Mapping[str, Any]) -> Iterator[str]:
    """Lines about what a gate check kept of the team's own rules."""
    if "gate" in inputs:
        seen = ", ".join(f"{path}={_value(value)}" for path, value in inputs["facts"].items())
        yield f"gate {inputs['gate']} is closed: {inputs['title']['en']}" + (f" ({seen})" if seen else "")
    if "budget" in inputs:
        budget = inputs["budget"]
        taken = ", ".join(f"{one[:16].replace('T', ' ')} UTC" for one in budget["taken"])
        yield f"{_GETS.format(**budget) if budget['of'] == 'mails' else _HEARS.format(**budget)}; taken: {taken}"
    if "carrier" in inputs:
        yield f"what it says travels in a mail of {inputs['carrier']} to the same person"


def _value(value: Any) -> str:
    return "missing" if value is None else json.dumps(value, ensure_ascii=False)
