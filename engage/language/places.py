"""Where the steps and conditions of a playbook stand in its file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engage.language.expressions import Expression
from engage.language.spec import AnyStep, ChooseStep, DateTrigger, EmailStep, EventTrigger, Playbook, WaitStep
from engage.language.triggers import AbsentTrigger, EveryTrigger

Path = list[str | int]


def steps_with_paths(steps: tuple[AnyStep, ...], path: Path) -> Iterator[tuple[AnyStep, Path]]:
    """Every step with the path to it, in the order written."""
    for number, step in enumerate(steps):
        here: Path = [*path, number]
        yield step, here
        if isinstance(step, ChooseStep):
            for way_number, way in enumerate(step.choose):
                word = "else" if way.else_ is not None else "steps"
                inner = way.else_ if way.else_ is not None else way.steps
                yield from steps_with_paths(inner or (), [*here, "choose", way_number, word])


def expressions_with_paths(playbook: Playbook) -> Iterator[tuple[Expression, Path]]:
    """Every expression with the path to it."""
    candidates: list[tuple[Any, Path]] = [(playbook.audience, ["audience"]), *_of_trigger(playbook)]
    candidates += [(rule.if_, ["cc", number]) for number, rule in enumerate(playbook.cc)]
    candidates += [(playbook.goal.if_, ["goal", "if"])] if playbook.goal else []
    candidates += [(rule.if_, ["exit", number, "if"]) for number, rule in enumerate(playbook.exit)]
    for step, path in steps_with_paths(playbook.steps, ["steps"]):
        candidates += _of_step(step, path)
    return ((expression, path) for expression, path in candidates if isinstance(expression, Expression))


def _of_trigger(playbook: Playbook) -> list[tuple[Any, Path]]:
    match playbook.trigger:
        case EventTrigger(if_=condition):
            return [(condition, ["trigger", "if"])]
        case DateTrigger(date=date):
            return [(date, ["trigger", "date"])]
        case EveryTrigger(anchor=anchor):
            return [(anchor, ["trigger", "anchor"])]
        case AbsentTrigger(since=since):
            return [(since, ["trigger", "since"])]


def _of_step(step: AnyStep, path: Path) -> list[tuple[Any, Path]]:
    found: list[tuple[Any, Path]] = [(step.if_, [*path, "if"])]
    if isinstance(step, WaitStep):
        found += [(step.until, [*path, "wait", "until"]), (step.where, [*path, "wait", "where"])]
    if isinstance(step, EmailStep):
        found += [(rule.if_, [*path, "cc", number]) for number, rule in enumerate(step.cc or ())]
    if isinstance(step, ChooseStep):
        found += [(way.if_, [*path, "choose", number, "if"]) for number, way in enumerate(step.choose)]
    return found
