"""What differs between two versions of a playbook beyond its words: each difference said with its place. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engage.language.program import Program
from engage.language.spec import Playbook

# What nobody inside notices: words for colleagues, and what only the safety net reads.
WORDS_ONLY = frozenset({"title", "should_feel", "expect", "tests", "never"})


def edits(old: Playbook, new: Playbook) -> list[str]:
    """Everything that would change who gets what and when; nothing where only words changed."""
    before, after = (one.model_dump(mode="json", exclude={"steps", *WORDS_ONLY}) for one in (old, new))
    said = [f"{name.rstrip('_')} changed" for name in after if before.get(name) != after[name]]
    return said + list(_of_steps(Program.of(old), Program.of(new)))


def _of_steps(old: Program, new: Program) -> Iterator[str]:
    yield from (f"step {step_id} is new" for step_id in new.nodes if step_id not in old)
    yield from (f"step {step_id} is gone" for step_id in old.nodes if step_id not in new)
    are_the_same = old.nodes.keys() == new.nodes.keys()
    for step_id in new.nodes:
        if step_id not in old:
            continue
        before, after = (_own(program[step_id].step.model_dump(mode="json")) for program in (old, new))
        changed = sorted(
            name.rstrip("_") for name in {*before, *after} if before.get(name, ...) != after.get(name, ...)
        )
        if changed:
            yield f"step {step_id} changed: {', '.join(changed)}"
        elif are_the_same and old[step_id].leads_to() != new[step_id].leads_to():
            yield f"step {step_id} leads elsewhere"


def _own(value: Any) -> Any:
    """A step without what stands in the steps inside it, which are told by themselves."""
    if isinstance(value, dict):
        return {name: _own(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [each["id"] if isinstance(each, dict) and "id" in each else _own(each) for each in value]
    return value
