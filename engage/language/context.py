"""What surely held when a run came to a step: the conditions of the ways that lead there."""

from __future__ import annotations

from collections.abc import Iterator

from engage.language.places import Path
from engage.language.spec import AnyStep, ChooseStep, DateTrigger, EventTrigger, Playbook
from engage.language.steps import inside
from engage.language.tree import Call, Logic, Missing, Node, Not

Conditions = tuple[Node, ...]


def steps_in_context(playbook: Playbook) -> Iterator[tuple[AnyStep, Path, Conditions]]:
    """Every step with its path and the conditions around it, its own among them."""
    yield from _steps(playbook.steps, ["steps"], _on_entering(playbook))


def is_set(node: Node) -> Node:
    """The condition that the value is not missing; the earliest and latest of several need only one of them."""
    if isinstance(node, Call) and node.function in ("earliest", "latest"):
        return Logic("bool", node.start, "or", tuple(map(is_set, node.arguments)))
    return Missing("bool", node.start, node, negated=True)


def all_of(conditions: Conditions) -> Node:
    """The conditions as one."""
    return Logic("bool", 0, "and", conditions)


def _on_entering(playbook: Playbook) -> Conditions:
    trigger = playbook.trigger
    held = (playbook.audience.tree,) if playbook.audience else ()
    if isinstance(trigger, DateTrigger):
        return (*held, is_set(trigger.date.tree))
    if isinstance(trigger, EventTrigger) and trigger.if_:
        return (*held, trigger.if_.tree)
    return held


def _steps(steps: tuple[AnyStep, ...], path: Path, around: Conditions) -> Iterator[tuple[AnyStep, Path, Conditions]]:
    for number, step in enumerate(steps):
        here: Path = [*path, number]
        held = (*around, step.if_.tree) if step.if_ is not None else around
        yield step, here, held
        for inner_path, inner in inside(step):
            yield from _steps(inner, [*here, *inner_path], (*held, *_of_way(step, inner_path)))


def _of_way(step: AnyStep, path: tuple[str | int, ...]) -> Conditions:
    """Its own condition holds, and none of those before it."""
    if not isinstance(step, ChooseStep):
        return ()
    number = int(path[1])
    before = tuple(Not("bool", 0, way.if_.tree) for way in step.choose[:number] if way.if_ is not None)
    own = step.choose[number].if_
    return (*before, own.tree) if own is not None else before
