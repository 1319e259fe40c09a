"""What a run remembers and conditions may ask: what it sent, what links were followed, what it waited for. Pure.

Each function changes the memory that it is given, which is the run's own for as long as it is decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engage.journeys.decisions import RunState
from engage.language.vocabulary import CLICKED

Memory = dict[str, Any]


def facts_of_run(facts: Mapping[str, Any], state: RunState) -> dict[str, Any]:
    """The customer's facts together with what this run has seen."""
    return {
        **facts,
        "event": state.trigger.get("event"),
        "occurrence": state.trigger.get("occurrence"),
        **facts_in(state.memory),
    }


def facts_in(memory: Mapping[str, Any]) -> dict[str, Any]:
    """The memory as conditions ask it."""
    return {
        "waited": memory.get("waited"),
        "form": dict(memory.get("form") or {}),
        "sent": dict(memory.get("sent") or {}),
    }


def remember_sent(memory: Memory, step_id: str, outcome: str, at: str, *, clicks: int | None = None) -> None:
    """What became of a step's message; with clicks where it is known whether there were any."""
    known = {"state": outcome, "at": at} | ({} if clicks is None else {"clicks": clicks})
    memory["sent"] = {**(memory.get("sent") or {}), _as_name(step_id): known}


def count_clicks(memory: Memory, signals: Iterable[Mapping[str, Any]]) -> None:
    """Takes the news of links that were followed into what is known of each step's mail."""
    for signal in signals:
        known = (memory.get("sent") or {}).get(_as_name(str(signal.get("step"))))
        if signal["purpose"] == "click" and known is not None:
            remember_sent(memory, signal["step"], known["state"], known["at"], clicks=known.get("clicks", 0) + 1)


def remember_waited(memory: Memory, events: Iterable[str], event: Mapping[str, Any]) -> None:
    """What a wait for these events came to; nobody knows that there was no click where none is ever known."""
    knows = CLICKED not in events or any("clicks" in sent for sent in (memory.get("sent") or {}).values())
    memory["waited"] = {
        "happened": bool(event) or (False if knows else None),
        "event": event.get("name"),
        "properties": event.get("properties") or {},
        "occurred_at": event.get("occurred_at"),
    }
    if event:
        memory["heard"] = max(event["id"], memory.get("heard", 0))


def remember_form(memory: Memory, step_id: str, values: Mapping[str, Any]) -> None:
    """What a colleague filled in; nothing yet where nobody did."""
    filled = {**values, "filled": bool(values)}
    memory["form"] = {**(memory.get("form") or {}), _as_name(step_id): filled}


def _as_name(step_id: str) -> str:
    """A step's id as facts name it."""
    return step_id.replace("-", "_")
