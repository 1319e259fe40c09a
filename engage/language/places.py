"""Where the steps and conditions of a playbook stand in its file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engage.language.expressions import Expression
from engage.language.spec import (
    AnyStep,
    ChooseStep,
    DateTrigger,
    EmailStep,
    EventTrigger,
    InAppStep,
    NotifyStep,
    Playbook,
    RepeatStep,
    SetStep,
    TaskStep,
    WaitStep,
    WebhookStep,
)
from engage.language.steps import inside
from engage.language.triggers import AbsentTrigger, BecomesTrigger, EveryTrigger, ManualTrigger, OnceTrigger

Path = list[str | int]


def steps_with_paths(steps: tuple[AnyStep, ...], path: Path) -> Iterator[tuple[AnyStep, Path]]:
    """Every step with the path to it, in the order written."""
    for number, step in enumerate(steps):
        here: Path = [*path, number]
        yield step, here
        for inner_path, inner in inside(step):
            yield from steps_with_paths(inner, [*here, *inner_path])


def expressions_with_paths(playbook: Playbook) -> Iterator[tuple[Expression, Path]]:
    """Every expression with the path to it."""
    candidates: list[tuple[Any, Path]] = [(playbook.audience, ["audience"]), *_of_trigger(playbook)]
    candidates += [(rule.if_, ["cc", number]) for number, rule in enumerate(playbook.cc)]
    candidates += [(playbook.goal.if_, ["goal", "if"])] if playbook.goal else []
    for number, rule in enumerate(playbook.exit):
        candidates += [(rule.if_, ["exit", number, "if"])]
        candidates += [(rule.task.quote, ["exit", number, "task", "quote"])] if rule.task else []
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
        case BecomesTrigger(becomes=condition):
            return [(condition, ["trigger", "becomes"])]
        case ManualTrigger() | OnceTrigger():
            return []
        case AbsentTrigger(since=since):
            return [(since, ["trigger", "since"])]


def _of_step(step: AnyStep, path: Path) -> list[tuple[Any, Path]]:
    found: list[tuple[Any, Path]] = [(step.if_, [*path, "if"])]
    if isinstance(step, WaitStep):
        found += [(step.until, [*path, "wait", "until"]), (step.where, [*path, "wait", "where"])]
    if isinstance(step, TaskStep):
        found += [(step.task.quote, [*path, "task", "quote"])]
    if isinstance(step, EmailStep):
        found += [(rule.if_, [*path, "cc", number]) for number, rule in enumerate(step.cc or ())]
    if isinstance(step, InAppStep):
        found.append((step.expires, [*path, "expires"]))
    if isinstance(step, RepeatStep):
        found.append((step.until, [*path, "repeat", "until"]))
    if isinstance(step, NotifyStep):
        found += [(fact, [*path, "notify", "facts", number]) for number, fact in enumerate(step.notify.facts)]
    if isinstance(step, WebhookStep):
        found += [(fact, [*path, "webhook", "facts", number]) for number, fact in enumerate(step.webhook.facts)]
    if isinstance(step, SetStep):
        found += [(value, [*path, "set", name]) for name, value in step.set.items()]
    if isinstance(step, ChooseStep):
        found += [(way.if_, [*path, "choose", number, "if"]) for number, way in enumerate(step.choose)]
    return found
