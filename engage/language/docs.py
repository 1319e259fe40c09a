"""Writes the pages of docs/reference from the code itself: `python -m engage.language.docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from engage.language import word_examples
from engage.language.addressees import Addressee, Everybody
from engage.language.budgets import Budgets, Cap, WhenShort
from engage.language.catalogue import NOT_USE
from engage.language.check import RULES
from engage.language.contracts import TemplateMeta
from engage.language.customer_words import CustomerWord, UseCase, UseCases
from engage.language.durations import UNITS
from engage.language.experiments import ControlGroup, Experiments
from engage.language.facts_docs import page as facts_page
from engage.language.gates import Gate
from engage.language.grammar import FUNCTIONS, HEARING, MAX_NUMBERS
from engage.language.message_words import Approve, CcRule
from engage.language.outside_steps import Notify, Webhook
from engage.language.proof_docs import MODELS as OF_PROOFS
from engage.language.proof_docs import sections as proof_sections
from engage.language.questions import Choice, Question, Scale
from engage.language.rulebook import text_of_rule
from engage.language.rules_docs import page as rules_page
from engage.language.selecting import Selection
from engage.language.showing import UnlessSeen
from engage.language.spec import ExitRule, Expect, Goal, Playbook
from engage.language.steps import STEPS, Branch, Repeat, Wait
from engage.language.tree import LOOK_BACK
from engage.language.triggers import TRIGGERS, IfLate
from engage.language.vocabulary import BUILT_IN_EVENTS, TouchModel
from engage.language.word_examples import PLAYBOOK
from engage.language.work_steps import Form, FormField, LeadWork, TaskWork

INTRODUCTION = """\
# The playbook language

Generated from the code's own spec (`python -m engage.language.docs`); do not edit by hand.

A playbook is one YAML 1.2 file, named after its key. Unknown keys are errors; anchors, aliases and tags are not read;
a file has at most 256 KB and is nested at most 20 deep. `engage playbooks schema` prints a JSON Schema for editors
([completion](../how-to/complete-in-your-editor.md)). The tests check every example on this page; what an example leaves
out is as in the small playbook of [check-rules.md](check-rules.md).
"""
LENGTHS = """\
## Lengths of time

A number and a unit: {units}.
Business days follow the customer's country and the closed days in `_shared/calendars.yaml`.
"""
ANSWER_LINKS = """\
In the texts of a mail `{{ answer_url.<question>.<choice> }}` is the link to the page on which that choice is confirmed
(`{{ answer_url.<question>["10"] }}` for a number of a scale).
"""
EXPRESSIONS = """\
## Conditions and dates

Jinja2's expression syntax over typed facts: `and`, `or`, `not`, `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `not in`,
`is missing`, `is set`, arithmetic on numbers, and the functions {functions}.

- A comparison with a missing value is false; then logic is two-valued. `not` of a missing fact is true.
- Text has no order, types do not mix, a date is written as `"2027-03-31"`.
- `days_until` and `days_since` count calendar days from the customer's today for a date, 24 hours for an instant.
- `form.<step id>.<field>` is what a colleague filled in, `form.<step id>.filled` whether it was filled in yet.
- `earliest` and `latest` leave missing values out.
- Numbers have at most 15 digits; a sum has at most {most} of them and is reckoned in 64-bit floats.
- `sent.<step id>.state`, `waited.happened`, `waited.event`, `event.properties.<name>` tell what went before.
- `sent.<step id>.clicks` counts the links of a mail that a person has followed; what machines open does not count. It
  is missing where clicks are not followed, so `sent.<step id>.clicks == 0` holds of nobody who wants no tracking. No
  condition can ask for opens.
- `answers.<question>` is the newest answer of this account, contact or contract to a question of
  `_shared/questions.yaml`, `answers.<question>_date` the date that was given with it, `answers.<question>_at` when it
  came, `answers.<question>_score` the number where the question has a scale. An answer about a contract counts for the
  term in which it was given. Each answer is also an event `answered` with the properties `question`, `answer`,
  `score`, `date`, `comment` and `contract_id`.

| function | an example |
|---|---|
{shown}
### Counting events

| function | what | over |
|---|---|---|
| `count("report.created", days=14)` | how often the event came | the last 14 days, up to now |
| `count_before("report.created", days=14)` | the same | the 14 days before those |
| `days_since_event("report.created")` | days since it last came; missing when it did not | the last {furthest} days |

- `days` is a whole number from 1 to {furthest}, written as such. A day here is 24 hours; the first moment of a window
  counts, so an event never falls between a window and the one before.
- A run per account or contract counts everybody at the account, a run per contact that contact alone.
- Only use of the product counts, as in `usage.…`: what a customer's people did, not our own colleagues, test accounts,
  or events about the customer ({not_use}).
- A drop to less than half: `count("report.created", days=14) < 0.5 * count_before("report.created", days=14)`.
- Counts belong to conditions; a mail does not know them.
"""

USE_CASE_FACTS = """\
- `use_case.…` is the case that fits the customer best: every list that it names holds the customer's word
  (`account.industry`, `account.department`, `account.problem`); of several, the one with most lists in common, then the
  first.
- Where `segments.yaml` or `phases.yaml` stands, `check` knows what `account.segment` and `account.phase` may be.
"""


# What stands inside a step or a playbook, by the title of its table.
INSIDE: dict[str, type[BaseModel]] = {
    "wait": Wait,
    "a way of choose": Branch,
    "repeat": Repeat,
    "task": TaskWork,
    "form": Form,
    "a field of a form": FormField,
    "lead": LeadWork,
    "notify": Notify,
    "webhook": Webhook,
    "to, one after the other": Addressee,
    "to, everybody": Everybody,
    "approve": Approve,
    "cc": CcRule,
    "unless_seen": UnlessSeen,
    "goal": Goal,
    "exit": ExitRule,
    "expect": Expect,
}


def reference() -> str:
    """The whole page."""
    sections = (
        _playbook(),
        _triggers(),
        _steps(),
        _proofs(),
        [LENGTHS.format(units=", ".join(UNITS)), _expressions()],
        _facts(),
        _events(),
        _model("A template's meta.yaml", TemplateMeta),
        _customer_words(),
        _questions(),
        _limits(),
        _rules(),
    )
    return "\n".join(chain.from_iterable(sections))


def _playbook() -> Iterator[str]:
    yield INTRODUCTION
    yield from _model("A playbook", Playbook)
    yield _example(PLAYBOOK)


def _triggers() -> Iterator[str]:
    yield "## Triggers\n"
    for kind, trigger in TRIGGERS.items():
        yield from _model(f"`{kind}`", trigger, level=3)
        yield _example(word_examples.TRIGGERS.get(kind))
    yield from _inside("if_late", IfLate)


def _steps() -> Iterator[str]:
    yield "## Steps\n"
    for kind, step in STEPS.items():
        yield from _model(f"`{kind}`", step, level=3)
        yield _example(word_examples.STEPS.get(kind))
    for name, model in INSIDE.items():
        yield from _inside(name, model)


def _proofs() -> Iterator[str]:
    yield from proof_sections()
    for name, model in OF_PROOFS.items():
        yield from _inside(name, model)


def _customer_words() -> Iterator[str]:
    yield from _model("A word in _shared/segments.yaml or phases.yaml", CustomerWord)
    yield from _model("The file _shared/use_cases.yaml", UseCases)
    yield from _inside("a case", UseCase)
    yield USE_CASE_FACTS


def _questions() -> Iterator[str]:
    yield from _model("A question in _shared/questions.yaml", Question)
    yield from _inside("a choice", Choice)
    yield from _inside("a scale", Scale)
    yield ANSWER_LINKS


def _limits() -> Iterator[str]:
    yield from _model("A touch model in _shared/touch_models.yaml", TouchModel)
    yield from _model("A gate in _shared/gates.yaml", Gate)
    yield from _model("_shared/budgets.yaml", Budgets)
    yield from _inside("contact, mails, account", Cap)
    yield from _inside("when_short", WhenShort)
    yield from _model("_shared/experiments.yaml", Experiments)
    yield from _inside("control_group", ControlGroup)
    yield from _inside("messages by topic, purpose or playbook", Selection)


def _inside(name: str, model: type[BaseModel]) -> Iterator[str]:
    return _model(f"Inside: {name}", model, level=3)


def _example(text: str | None) -> str:
    """An example that the tests check; it lies over the small playbook of check-rules.md."""
    return f"```yaml\n{text.rstrip()}\n```\n" if text else ""


def _expressions() -> str:
    shown = "".join(f"| `{name}` | `{text}` |\n" for name, text in word_examples.FUNCTIONS.items())
    return EXPRESSIONS.format(
        shown=shown,
        functions=", ".join(f"`{name}`" for name in (*FUNCTIONS, *HEARING)),
        most=MAX_NUMBERS,
        furthest=LOOK_BACK,
        not_use=", ".join(f"`{name}…`" if name.endswith(".") else f"`{name}`" for name in NOT_USE),
    )


def _model(title: str, model: type[BaseModel], *, level: int = 2) -> Iterator[str]:
    yield f"{'#' * level} {title}\n\n{_first_line(model)}\n"
    yield "| key | what | meaning |\n|---|---|---|"
    model.model_rebuild()
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
    "dict": "mapping",
    "Text": "`{ja, en}`",
    "Expression": "expression",
    "Duration": "length of time",
    "Approve": "`never` / `always` / `by_exception` / `{mode, by, within}`",
    "Addressee": "role, or `{role, template}`",
    "Everybody": "`{all: [role, …], max}`",
    "CcRule": "role, or `role if condition`",
    "IfLate": "`{within, else}`",
    "Goal": "`{event or if, within}`",
    "ExitRule": "`{event or if, task}`",
    "UnlessSeen": "`{within, email, from}`",
    "Wait": "length of time, or what it waits for",
    "Branch": "`{if, steps}` or `{else}`",
    "TaskWork": "`{title, to, due, note, quote}`",
    "Form": "`{title, fields, up_to, to, due, note}`",
    "Notify": "`{title, text, to, slack, facts}`",
    "Webhook": "a name, or `{to, facts}`",
    "LeadWork": "`{title, why, to, due}`",
    "Repeat": "`{steps, at_most, every, until}`",
    "Expect": "`{metric or event, look_after, stop_if}`",
    "Example": "`{given, then, expect}`",
    "Given": "`{account, contacts, contract, …}`",
    "GivenPerson": "`{id, roles, …}`",
    "Happening": "`{at, …}`",
    "Expected": "`{at, …}`",
    "TimeFrame": "day, moment or span",
    "Invariant": "sentence",
    "Cap": "`{at_most, within}`",
    "WhenShort": "`{high, normal, low}`",
    "int": "whole number",
    "ControlGroup": "`{share, spares}`",
    "Decimal": "share, such as `10%`",
    "Selection": "`{topics, purposes, playbooks}`",
    "date": "date",
    "Reentry": "`once` / `not while active` / `again after …` / `begin anew`",
    **{model.__name__: f"{kind} trigger" for kind, model in TRIGGERS.items()},
    **{model.__name__: f"{kind} step" for kind, model in STEPS.items()},
}


def _facts() -> Iterator[str]:
    yield "## Facts\n\nAll of them with their types and meanings: [facts.md](facts.md).\n"


def _events() -> Iterator[str]:
    yield "## Events that Engage itself knows\n\nA team declares its own in `_shared/events.yaml`.\n"
    yield ", ".join(f"`{name}`" for name in sorted(BUILT_IN_EVENTS)) + "\n"


def _rules() -> Iterator[str]:
    yield "## What `engage playbooks check` looks for\n"
    yield "Every rule with its reason, its way out and an example: [check-rules.md](check-rules.md).\n"
    for rule in RULES:
        text = text_of_rule(rule)
        yield f"- {', '.join(f'`{code}`' for code in text.codes)}: {text.what}"
    yield ""


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/reference/playbook-language.md")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(reference(), encoding="utf-8")
    target.with_name("facts.md").write_text(facts_page(), encoding="utf-8")
    target.with_name("check-rules.md").write_text(rules_page(), encoding="utf-8")
