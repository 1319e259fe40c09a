"""What a run may ask about its customer before it rests again: facts that nobody asks need not be read."""

from __future__ import annotations

from collections.abc import Iterator

from engage.customers.facts import EVERYTHING, read_for
from engage.journeys.decisions import RunState
from engage.language.expressions import Expression
from engage.language.program import Program
from engage.language.spec import EmailStep, InAppStep, Playbook, WaitStep


def read_ahead(playbook: Playbook, program: Program, state: RunState) -> frozenset[str]:
    """What must be read for the next stretch of a run; messages may need everything."""
    reading = read_for(name for condition in _ends(playbook) for name in condition.names)
    ahead, seen = _next_steps(program, state), set[str]()
    while ahead:
        step_id = ahead.pop()
        if step_id is None or step_id in seen:
            continue
        seen.add(step_id)
        node = program[step_id]
        if isinstance(node.step, EmailStep | InAppStep):
            return EVERYTHING
        conditions = [node.step.if_, getattr(node.step, "until", None), *(condition for condition, _ in node.branches)]
        reading |= read_for(name for condition in conditions if condition is not None for name in condition.names)
        if node.step.if_ is not None or not _rests_at(node.step):
            ahead += node.leads_to()
    return reading


def _next_steps(program: Program, state: RunState) -> list[str | None]:
    """Where a run may go from where it stands; a message that was not accepted may be ordered anew."""
    if state.step_id is None:
        return [program.first]
    wait = state.memory.get("wait")
    if wait is None:
        return [state.step_id]
    outcomes = {signal.get("outcome") for signal in state.memory.get("signals") or ()}
    is_told = wait["kind"] != "message" or outcomes <= {"accepted", None}
    return [program[wait["step"]].next_id if is_told else wait["step"]]


def _rests_at(step: object) -> bool:
    return isinstance(step, WaitStep) and step.time is not None  # a length is longer than nothing


def _ends(playbook: Playbook) -> Iterator[Expression]:
    """The conditions that are asked at every turn."""
    for one in (playbook.goal, *playbook.exit):
        if one is not None and one.if_ is not None:
            yield one.if_
