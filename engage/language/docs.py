"""Writes docs/reference/playbook-language.md from the spec itself: `python -m engage.language.docs [FILE]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from engage.language.catalogue import BUILT_IN
from engage.language.durations import UNITS
from engage.language.grammar import FUNCTIONS
from engage.language.playbook_rules import PLAYBOOK_RULES
from engage.language.spec import ExitRule, Goal, Playbook
from engage.language.steps import STEPS, Approve, Branch, CcRule, TaskWork, Wait
from engage.language.template_rules import TEMPLATE_RULES
from engage.language.templates import TemplateMeta
from engage.language.triggers import TRIGGERS, IfLate
from engage.language.vocabulary import BUILT_IN_EVENTS
from engage.language.vocabulary_rules import VOCABULARY_RULES

INTRODUCTION = """\
# The playbook language

Generated from the code's own spec (`python -m engage.language.docs`); do not edit by hand.

A playbook is one YAML 1.2 file, named after its key. Unknown keys are errors; anchors, aliases and tags are not read;
a file has at most 256 KB and is nested at most 20 deep. `engage playbooks schema` prints a JSON Schema for editors.
"""
LENGTHS = """\
## Lengths of time

A number and a unit: {units}.
Business days follow the customer's country and the closed days in `_shared/calendars.yaml`.
"""
EXPRESSIONS = """\
## Conditions and dates

Jinja2's expression syntax over typed facts: `and`, `or`, `not`, `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `not in`,
`is missing`, `is set`, arithmetic on numbers, and the functions {functions}.

- A comparison with a missing value is false; then logic is two-valued. `not` of a missing fact is true.
- Text has no order, types do not mix, a date is written as `"2027-03-31"`.
- `days_until` and `days_since` count calendar days from the customer's today for a date, 24 hours for an instant.
- `earliest` and `latest` leave missing values out.
- `sent.<step id>.state`, `waited.happened`, `waited.event`, `event.properties.<name>` tell what went before.
"""


def reference() -> str:
    """The whole page."""
    parts = [INTRODUCTION, *_model("A playbook", Playbook), "## Triggers\n"]
    for kind, trigger in TRIGGERS.items():
        parts += _model(f"`{kind}`", trigger, level=3)
    parts += _model("Inside: if_late", IfLate, level=3)
    parts.append("## Steps\n")
    for kind, step in STEPS.items():
        parts += _model(f"`{kind}`", step, level=3)
    inner: dict[str, type[BaseModel]] = {"wait": Wait, "a way of choose": Branch, "task": TaskWork}
    inner |= {"approve": Approve, "cc": CcRule, "goal": Goal, "exit": ExitRule}
    for name, model in inner.items():
        parts += _model(f"Inside: {name}", model, level=3)
    parts += [
        LENGTHS.format(units=", ".join(UNITS)),
        EXPRESSIONS.format(functions=", ".join(f"`{name}`" for name in FUNCTIONS)),
        *_facts(),
        *_events(),
        *_model("A template's meta.yaml", TemplateMeta),
        *_rules(),
    ]
    return "\n".join(parts)


def _model(title: str, model: type[BaseModel], *, level: int = 2) -> Iterator[str]:
    yield f"{'#' * level} {title}\n\n{_first_line(model)}\n"
    yield "| key | what | meaning |\n|---|---|---|"
    for name, field in model.model_fields.items():
        needed = " (needed)" if field.is_required() else _default(field)
        yield f"| `{field.alias or name}` | {_kind(field.annotation)}{needed} | {field.description or ''} |"
    yield ""


def _first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]


def _default(field: FieldInfo) -> str:
    value = field.default
    plain = isinstance(value, str) and value
    return f", default `{value}`" if plain and value is not PydanticUndefined else ""


def _kind(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " / ".join(f"`{value}`" for value in inner)
    if origin is tuple:
        return f"list of {_kind(inner[0])}"
    if origin is Union or str(origin) == "<class 'types.UnionType'>":
        return " or ".join(dict.fromkeys(_kind(part) for part in inner if part is not type(None)))
    if hasattr(annotation, "__metadata__"):
        return _kind(annotation.__origin__)
    return _NAMES.get(getattr(annotation, "__name__", ""), getattr(annotation, "__name__", "text"))


_NAMES = {
    "str": "text",
    "Text": "`{ja, en}`",
    "Expression": "expression",
    "Duration": "length of time",
    "Approve": "`never` / `always` / `{by, within}`",
    "CcRule": "role, or `role if condition`",
    "IfLate": "`{within, else}`",
    "Goal": "`{event or if, within}`",
    "ExitRule": "`{event or if, task}`",
    "Wait": "length of time, or what it waits for",
    "Branch": "`{if, steps}` or `{else}`",
    "TaskWork": "`{title, to, due, note}`",
    "Reentry": "`once` / `not while active` / `again after …`",
    **{model.__name__: f"{kind} trigger" for kind, model in TRIGGERS.items()},
    **{model.__name__: f"{kind} step" for kind, model in STEPS.items()},
}


def _facts() -> Iterator[str]:
    yield "## Facts that every installation has\n\nA team declares its own in `_shared/facts.yaml`.\n"
    yield "| fact | type |\n|---|---|"
    for group, kinds in BUILT_IN.items():
        for kind, names in kinds.items():
            said = ", ".join(f"`{group}.{name}`" if group else f"`{name}`" for name in names.split())
            yield f"| {said} | {kind} |"
    yield ""


def _events() -> Iterator[str]:
    yield "## Events that Engage itself knows\n\nA team declares its own in `_shared/events.yaml`.\n"
    yield ", ".join(f"`{name}`" for name in sorted(BUILT_IN_EVENTS)) + "\n"


def _rules() -> Iterator[str]:
    yield "## What `engage playbooks check` looks for\n"
    for rule in (*VOCABULARY_RULES, *PLAYBOOK_RULES, *TEMPLATE_RULES):
        yield f"- **{rule.__name__.replace('_', ' ')}**: {_first_line(rule)}"
    yield ""


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/reference/playbook-language.md")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(reference(), encoding="utf-8")
