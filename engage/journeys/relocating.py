"""Where a run stands in another version of its playbook, and when it had better stay where it is. Pure.

A run never does again what it has done: its messages and journal rows are once by step, and a reader is patient once.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from engage.journeys.decisions import RunState
from engage.language.program import Program
from engage.language.spec import RepeatStep, WaitStep

Names = Mapping[str, str]  # a step of the old version: its step in the new one

NO_STEP = "no_step"
ON_ITS_WAY = "message_on_its_way"
BEEN_THERE = "has_been_there"


@dataclass(frozen=True, slots=True)
class Stay:
    """The run stays on its version, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Landing:
    """Where the run stands in the new version; whether it goes on with what it was waiting for or begins the step."""

    state: RunState
    begins: bool


def relocate(state: RunState, old: Program, new: Program, names: Names, done: AbstractSet[str]) -> Landing | Stay:
    """The run in the new version; `done` are the steps in its journal. What maps by the same id maps by itself."""
    here = state.step_id
    if here is None:
        return Landing(state, begins=True)
    there = names.get(here, here)
    if there not in new:
        return Stay(NO_STEP)
    wait = state.memory.get("wait")
    kept = _kept(wait, there, new) if wait and _is_same_kind(old, here, new, there) else None
    if wait and wait["kind"] == "message" and kept is None:
        return Stay(ON_ITS_WAY)
    memory = _renamed(state.memory, there, new, names)
    if _does_again(here, there, new, names, done, memory):
        return Stay(BEEN_THERE)
    if kept is not None:
        return Landing(replace(state, step_id=there, memory=memory | {"wait": kept}), begins=False)
    visit = (memory.get("visits") or {}).get(there, 0) + 1 if new[there].within else 1
    memory.pop("wait", None)
    visit = max(visit, state.visit + 1) if there in done else visit
    return Landing(replace(state, step_id=there, visit=visit, memory=memory), begins=True)


def _is_same_kind(old: Program, here: str, new: Program, there: str) -> bool:
    return here in old and type(old[here].step) is type(new[there].step)


def _kept(wait: Mapping[str, Any], there: str, new: Program) -> dict[str, Any]:
    """The wait under way: until the same instant, for what the new step waits for; news come under its old name."""
    step = new[there].step
    kept = {**wait, "step": there, "as": wait.get("as", wait["step"])}
    if isinstance(step, WaitStep):
        kept |= {"kind": "event" if step.for_ else "time", "events": list(step.for_)}
    return kept


def _does_again(
    here: str, there: str, new: Program, names: Names, done: AbstractSet[str], memory: Mapping[str, Any]
) -> bool:
    """Whether the way from there leads over something done, other than by the rounds that the run is in."""
    passed = done - {here}
    renamed = {names.get(step_id, step_id) for step_id in passed}
    again = ({there} & (passed | renamed)) | ((_reachable(new, there) - {there}) & (done | renamed))
    counted = {name for name in memory.get("visits") or {} if name in new and new[name].within}
    counted.add((memory.get("round") or {}).get("step"))
    return bool(again - counted)


def _reachable(program: Program, first: str) -> set[str]:
    found: set[str] = set()
    ahead: list[str | None] = [first]
    while ahead:
        step_id = ahead.pop()
        if step_id is not None and step_id not in found:
            found.add(step_id)
            ahead += program[step_id].leads_to()
    return found


def _renamed(memory: Mapping[str, Any], there: str, new: Program, names: Names) -> dict[str, Any]:
    """What the run remembers, by the names of the new version."""
    said = {**memory}
    as_facts = {old.replace("-", "_"): name.replace("-", "_") for old, name in names.items()}
    for part, known in (("visits", names), ("sent", as_facts), ("form", as_facts)):
        if said.get(part):
            said[part] = {known.get(name, name): value for name, value in said[part].items()}
    if said.get("signals"):
        said["signals"] = [_of_wait(signal, names) for signal in said["signals"]]
    round_ = said.pop("round", None)
    repeat = names.get(round_["step"], round_["step"]) if round_ else None
    if repeat and repeat in (there, new[there].within) and isinstance(new[repeat].step, RepeatStep):
        said["round"] = {**(round_ or {}), "step": repeat}
    return said


def _of_wait(signal: Mapping[str, Any], names: Names) -> Mapping[str, Any]:
    step = signal.get("step")
    return {**signal, "step": names.get(step, step)} if step and signal["purpose"] == "wait" else signal
