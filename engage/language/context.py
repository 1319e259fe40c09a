"""What surely held when a run came to a step: the conditions of the ways that lead there."""

from __future__ import annotations

from collections.abc import Iterator

from engage.language.places import Path
from engage.language.spec import AnyStep, ChooseStep, DateTrigger, EventTrigger, Playbook, RepeatStep
from engage.language.steps import inside
from engage.language.tree import Call, Logic, Missing, Node, Not
from engage.language.triggers import BecomesTrigger

Conditions = tuple[Node, ...]


def steps_in_context(playbook: Playbook) -> Iterator[tuple[AnyStep, Path, Conditions]]:
    """Every step with its path and the conditions around it, its own among them."""
    yield from _steps(playbook.steps, ["steps"], on_entering(playbook))


def steps_at_once(playbook: Playbook) -> Iterator[tuple[AnyStep, Path, Conditions]]:
    """Every step with its path and what held the moment before; nothing where steps or rounds lie between."""
    yield from _at_once(playbook.steps, ["steps"], on_entering(playbook))


def is_set(node: Node) -> Node:
    """The condition that the value is not missing; the earliest and latest of several need only one of them."""
    if isinstance(node, Call) and node.function in ("earliest", "latest"):
        return Logic("bool", node.start, "or", tuple(map(is_set, node.arguments)))
    return Missing("bool", node.start, node, negated=True)


def all_of(conditions: Conditions) -> Node:
    """The conditions as one."""
    return Logic("bool", 0, "and", conditions)


def on_entering(playbook: Playbook) -> Conditions:
    """What holds for whoever enters: the trigger and the audience say so."""
    return (*of_trigger(playbook), *((playbook.audience.tree,) if playbook.audience else ()))


def of_trigger(playbook: Playbook) -> Conditions:
    """What holds where the trigger begins a run."""
    match playbook.trigger:
        case DateTrigger(date=date):
            return (is_set(date.tree),)
        case BecomesTrigger(becomes=condition):
            return (condition.tree,)
        case EventTrigger(if_=condition) if condition is not None:
            return (condition.tree,)
    return ()


def _steps(steps: tuple[AnyStep, ...], path: Path, around: Conditions) -> Iterator[tuple[AnyStep, Path, Conditions]]:
    for number, step in enumerate(steps):
        here: Path = [*path, number]
        held = (*around, step.if_.tree) if step.if_ is not None else around
        yield step, here, held
        for inner_path, inner in inside(step):
            yield from _steps(inner, [*here, *inner_path], (*held, *_of_way(step, inner_path)))


def _at_once(steps: tuple[AnyStep, ...], path: Path, around: Conditions) -> Iterator[tuple[AnyStep, Path, Conditions]]:
    for number, step in enumerate(steps):
        here: Path = [*path, number]
        held = around if number == 0 else ()
        yield step, here, held
        inner_held = (*held, step.if_.tree) if step.if_ is not None else held
        for inner_path, inner in inside(step):
            first = () if isinstance(step, RepeatStep) else (*inner_held, *_of_way(step, inner_path))
            yield from _at_once(inner, [*here, *inner_path], first)


def _of_way(step: AnyStep, path: tuple[str | int, ...]) -> Conditions:
    """Its own condition holds, and none of those before it."""
    if not isinstance(step, ChooseStep):
        return ()
    number = int(path[1])
    before = tuple(Not("bool", 0, way.if_.tree) for way in step.choose[:number] if way.if_ is not None)
    own = step.choose[number].if_
    return (*before, own.tree) if own is not None else before
