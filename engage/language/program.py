"""A playbook flattened, so that a running state is just the name of a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engage.language.expressions import Expression
from engage.language.spec import AnyStep, ChooseStep, InAppStep, Playbook, RepeatStep, SplitStep


@dataclass(frozen=True)
class Node:
    """One step and where it leads; None means the end of the playbook."""

    step: AnyStep
    next_id: str | None
    branches: tuple[tuple[Expression | None, str | None], ...] = ()
    """For a choose: condition (None = else) and the step it leads to, in order; no way held = next_id.
    For a repeat: the first step of a round. For a message in the product: the mail to whoever does not see it."""
    ways: tuple[tuple[str, str | None], ...] = ()
    """For a split: each way and the step it leads to."""
    within: str | None = None
    """The repeat that it is done again by."""

    def leads_to(self) -> tuple[str | None, ...]:
        """Every step that may come after this one."""
        return tuple(dict.fromkeys([target for _, target in (*self.branches, *self.ways)] + [self.next_id]))


@dataclass(frozen=True)
class Program:
    """Every step of a playbook by its id, and the first one."""

    first: str
    nodes: Mapping[str, Node]

    @classmethod
    def of(cls, playbook: Playbook) -> Program:
        """The playbook's steps as a flat map."""
        nodes: dict[str, Node] = {}
        first = _lay(playbook.steps, None, nodes)
        assert first is not None, "a playbook has at least one step"  # noqa: S101
        return cls(first, nodes)

    @property
    def splits(self) -> bool:
        """Whether accounts go different ways by lot."""
        return any(node.ways for node in self.nodes.values())

    def __getitem__(self, step_id: str) -> Node:
        return self.nodes[step_id]

    def __contains__(self, step_id: str) -> bool:
        return step_id in self.nodes


def _lay(
    steps: tuple[AnyStep, ...], after: str | None, nodes: dict[str, Node], within: str | None = None
) -> str | None:
    """Adds the steps, the last leading to `after`; the id of the first, or `after` when there are none."""
    if not steps:
        return after
    for step, following in zip(steps, (*steps[1:], None), strict=True):
        next_id = after if following is None else following.id
        nodes[step.id] = Node(step, next_id, within=within)
        if isinstance(step, InAppStep) and step.mail is not None:
            nodes[step.id] = Node(step, next_id, ((None, step.mail.id),), within=within)
            nodes[step.mail.id] = Node(step.mail, next_id, within=within)
        if isinstance(step, ChooseStep):
            ways: list[tuple[Expression | None, str | None]] = [
                (way.if_, _lay(way.steps or way.else_ or (), next_id, nodes, within)) for way in step.choose
            ]
            nodes[step.id] = Node(step, next_id, tuple(ways), within=within)
        if isinstance(step, SplitStep):
            arms = tuple((name, _lay(inner, next_id, nodes, within)) for name, inner in step.ways.items())
            nodes[step.id] = Node(step, next_id, ways=arms, within=within)
        if isinstance(step, RepeatStep):
            first = _lay(step.repeat.steps, step.id, nodes, step.id)
            nodes[step.id] = Node(step, next_id, ((None, first),))
    return steps[0].id
