"""What a run may ask about its customer before it rests again: facts that nobody asks need not be read."""

from __future__ import annotations

from collections.abc import Iterator

from engage.calendars.wall_times import WallTime
from engage.customers.facts import EVERYTHING, read_for
from engage.journeys.decisions import RunState
from engage.journeys.unseen import KIND as UNSEEN
from engage.language.expressions import Expression
from engage.language.program import Node, Program
from engage.language.spec import (
    EmailStep,
    FormStep,
    InAppStep,
    NotifyStep,
    Playbook,
    SetStep,
    TaskStep,
    WaitStep,
    WebhookStep,
)


def read_ahead(playbook: Playbook, program: Program, step_id: str | None) -> frozenset[str]:
    """What must be read from a step on to the next rest; messages may need all but what only conditions count."""
    reading = read_for(name for condition in _ends(playbook) for name in condition.names)
    ahead, seen = [step_id], set[str]()
    while ahead:
        step_id = ahead.pop()
        if step_id is None or step_id in seen:
            continue
        seen.add(step_id)
        node = program[step_id]
        if isinstance(node.step, EmailStep | InAppStep):
            reading |= EVERYTHING
        reading |= read_for(_asked_at(node))
        if node.step.if_ is not None or not _rests_at(node.step):
            ahead += node.leads_to()
    return reading


def _asked_at(node: Node) -> Iterator[str]:
    until = getattr(node.step, "until", None)
    if isinstance(until, WallTime):
        yield "contact.time_zone"
    if isinstance(node.step, NotifyStep | WebhookStep):
        told = node.step.notify if isinstance(node.step, NotifyStep) else node.step.webhook
        yield from (name for fact in told.facts for name in fact.names)
        yield from ("contact.external_id", "contract.external_id")
    if isinstance(node.step, SetStep):
        yield from node.step.set
    given = node.step.set.values() if isinstance(node.step, SetStep) else ()
    quote = node.step.task.quote if isinstance(node.step, TaskStep) else None
    for asked in (node.step.if_, until, quote, *given, *(condition for condition, _ in node.branches)):
        if isinstance(asked, Expression):
            yield from asked.names


def next_step(program: Program, state: RunState) -> str | None:
    """Where a run goes on from where it stands; a message that was not accepted may be ordered anew."""
    if state.step_id is None:
        return program.first
    wait = state.memory.get("wait")
    if wait is None:
        return state.step_id
    news = [*(state.memory.get("signals") or ()), *wait.get("outcomes", ())]
    outcomes = {one.get("outcome") for one in news}
    if wait["kind"] == UNSEEN and program[wait["step"]].branches:
        return program[wait["step"]].branches[0][1]
    is_told = wait["kind"] != "message" or outcomes <= {"accepted", None}
    rests_between_rounds = wait["kind"] == "round"
    return program[wait["step"]].next_id if is_told and not rests_between_rounds else str(wait["step"])


def _rests_at(step: object) -> bool:
    return isinstance(step, FormStep) or (
        isinstance(step, WaitStep) and step.time is not None
    )  # a length is longer than nothing


def _ends(playbook: Playbook) -> Iterator[Expression]:
    """The conditions that are asked at every turn."""
    for one in (playbook.goal, *playbook.exit):
        if one is not None and one.if_ is not None:
            yield one.if_
    for rule in playbook.exit:
        if rule.task is not None and rule.task.quote is not None:
            yield rule.task.quote
