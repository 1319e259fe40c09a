"""What ends a run before its last step: the goal, or an exit rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from engage.journeys.decisions import Ended, TaskRaised
from engage.journeys.deeds import At, work_of
from engage.journeys.surroundings import Place
from engage.language.expressions import Expression
from engage.language.spec import ExitRule, Goal, Playbook
from engage.language.values import lookup

Signal = Mapping[str, Any]
Ending = tuple[list[TaskRaised], Ended]


def watches(playbook: Playbook) -> bool:
    """Whether something may still end a run of this playbook early, so that its last message is watched too."""
    return playbook.goal is not None or bool(playbook.exit)


def ends_of(playbook: Playbook, signals: Sequence[Signal], here: At, *, entered_at: datetime) -> Ending | None:
    """The end of the run, if its goal is reached or an exit is taken, with the work that the exit leaves."""
    facts, now = here.facts, here.now
    reached = goal_reached(playbook.goal, signals, facts, entered_at=entered_at, now=now, place=here.place)
    if reached is not None:
        return [], reached
    taken = exit_taken(playbook.exit, signals, facts)
    if taken is None:
        return None
    ended, number, rule = taken
    if rule.task is None:
        return [], ended
    at = replace(here, step_id=f"@exit-{number}", inputs=ended.inputs)
    return [work_of(rule.task, at, reason="exit")], ended


def goal_reached(
    goal: Goal | None,
    signals: Sequence[Signal],
    facts: Mapping[str, Any],
    *,
    entered_at: datetime,
    now: datetime,
    place: Place,
) -> Ended | None:
    """The end with success, if its sign has come within its time."""
    if goal is None or (goal.within is not None and now > place.after(entered_at, goal.within)):
        return None
    inputs = _sign(goal.if_, goal.event, "goal", signals, facts)
    return None if inputs is None else Ended(state="done", reason="goal", inputs=inputs)


def exit_taken(
    rules: Sequence[ExitRule], signals: Sequence[Signal], facts: Mapping[str, Any]
) -> tuple[Ended, int, ExitRule] | None:
    """The first exit rule whose sign has come, with its number."""
    for number, rule in enumerate(rules, start=1):
        inputs = _sign(rule.if_, rule.event, "exit", signals, facts)
        if inputs is not None:
            return Ended(state="exited", reason=str(rule.if_ or rule.event), inputs=inputs), number, rule
    return None


def signal_of(
    signals: Iterable[Signal], purpose: str, *, name: str | None = None, step: str | None = None
) -> Signal | None:
    """The first signal of that purpose, of that event name and for that step where they are given."""
    for signal in signals:
        if signal["purpose"] != purpose or (step is not None and signal.get("step") != step):
            continue
        if name is None or signal["event"]["name"] == name:
            return signal
    return None


def inputs_of(conditions: Iterable[Expression | None], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that the conditions asked, with their values."""
    names = sorted({name for condition in conditions if condition is not None for name in condition.names})
    return {name: lookup(facts, name) for name in names}


def _sign(
    condition: Expression | None, event: str | None, purpose: str, signals: Sequence[Signal], facts: Mapping[str, Any]
) -> dict[str, Any] | None:
    if condition is not None:
        return inputs_of([condition], facts) if condition.holds(facts) else None
    signal = signal_of(signals, purpose, name=event)
    return {"event": signal["event"]} if signal else None
