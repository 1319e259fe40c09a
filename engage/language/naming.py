"""Names for steps that have none: made from what the step does, stable while that stays."""

from __future__ import annotations

import re

from pydantic_core import PydanticCustomError

from engage.language.steps import AnyStep, AskStep, EmailStep, InAppStep, kind_of, rebuilt, walk


def with_ids(steps: tuple[AnyStep, ...]) -> tuple[AnyStep, ...]:
    """The same steps, each with an id that is unique within the playbook."""
    taken: set[str] = set()
    for step in walk(steps):
        if step.id and step.id in taken:
            raise PydanticCustomError("double-id", "two steps have the id {id}", {"id": step.id})
        taken.add(step.id)
    return tuple(_named(step, taken) for step in steps)


def _named(step: AnyStep, taken: set[str]) -> AnyStep:
    name = step.id or _free(_stem(step), taken)
    taken.add(name)
    return rebuilt(step, lambda inner: _named(inner, taken)).model_copy(update={"id": name})


def _stem(step: AnyStep) -> str:
    what = step.question if isinstance(step, AskStep) else ""
    what = what or (step.template if isinstance(step, EmailStep | InAppStep) else "")
    return "-".join(filter(None, (kind_of(step).replace("_", "-"), re.sub(r"[^a-z0-9]+", "-", what))))[:70]


def _free(stem: str, taken: set[str]) -> str:
    if stem not in taken:
        return stem
    number = 2
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"
