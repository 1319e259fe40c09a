"""What a playbook's histories are made of, read from the playbook itself: its facts with telling values, its events,
its questions, its dates. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice, product
from typing import Any

from engage.language.catalogue import Catalogue
from engage.language.expressions import Expression
from engage.language.invariants import Invariant, OnWrongSide, Unwanted
from engage.language.places import expressions_with_paths
from engage.language.spec import (
    AbsentTrigger,
    BecomesTrigger,
    DateTrigger,
    EventTrigger,
    EveryTrigger,
    FormStep,
    Playbook,
    WaitStep,
    walk,
)
from engage.language.tree import Call, Compare, Fact, Items, Literal_, Node, parts_of
from engage.language.workspace import Workspace
from engage.rollout.apply import used_templates
from engage.rollout.proving.cast import filled_in
from engage.rollout.proving.steering import Ago, Turn, Values, nested, turns

_GROUPS = ("account", "contract", "goal", "handoff")
_TOLD = frozenset({"account.id", "account.external_id", "account.is_test", "account.locale", "account.time_zone"})
_RECKONED = frozenset({"contract.id", "contract.external_id", "contract.term_days", "contract.previous_ends_on",
                       "contract.is_downgrade", "handoff.count"})  # fmt: skip
_ASKS = re.compile(r"answer_url\.([a-z0-9_]+)")
_PROPERTIES = "event.properties."
_MOST_TRIED = 3000
_LONGEST, _SHORTEST, _MORE = 120, 30, 10


@dataclass(frozen=True)
class Ingredients:
    """What histories of one playbook are made of."""

    facts: Mapping[str, Values]  # settable facts that conditions ask, with the values that matter to them
    fitting: Mapping[str, Any]  # values with which the audience takes the customer in
    turns: tuple[Turn, ...]  # ways in which a `becomes` turns true
    starts: tuple[str, Mapping[str, Any]] | None  # the event that starts it, with properties that fit
    events: tuple[str, ...]  # events that it, or an invariant, listens to
    questions: Mapping[str, tuple[str, ...]]
    forms: Mapping[str, Mapping[str, Any]]
    dates: tuple[str, ...]  # the date facts that its trigger counts from
    ahead: int  # how many days the trigger's date lies after the begin of a run
    days: int  # how long a run may take
    topics: tuple[str, ...]
    needing_consent: tuple[str, ...]  # those of them that nobody is written to about who has not said yes
    pressing: tuple[str, ...]  # the events and facts that invariants speak of: they come more often


def ingredients_of(playbook: Playbook, workspace: Workspace, invariants: Iterable[Invariant]) -> Ingredients:
    """Everything that the playbook and its invariants speak of."""
    rules = [invariant.rule for invariant in invariants]
    conditions = [one for one, _ in expressions_with_paths(playbook)]
    unwanted = [rule.condition for rule in rules if isinstance(rule, Unwanted) and rule.condition]
    asked = sorted({name for condition in unwanted for name in condition.names})
    conditions += unwanted
    catalogue = workspace.catalogue
    facts = _facts(conditions, catalogue)
    trigger = playbook.trigger
    becomes = trigger.becomes if isinstance(trigger, BecomesTrigger) else None
    starts = (trigger.event, _properties(trigger.if_)) if isinstance(trigger, EventTrigger) else None
    dates = _dates(playbook)
    named = [rule.event for rule in rules if isinstance(rule, OnWrongSide)]
    filled = filled_in(playbook, workspace)
    topics = sorted({str(topic) for topic in _topics(playbook)})
    known = workspace.vocabulary.topics
    return Ingredients(
        facts={path: values for path, values in facts.items() if path not in dates},
        fitting=_fitting(playbook.audience, facts, filled),
        turns=turns(becomes, playbook.audience, facts, filled) if becomes is not None else (),
        starts=starts,
        events=tuple(dict.fromkeys([*_listened(playbook), *named])),
        questions=_questions(playbook, workspace),
        forms={str(step.id): _filled(step) for step in walk(playbook.steps) if isinstance(step, FormStep)},
        dates=dates,
        ahead=_ahead(playbook),
        days=_days(playbook),
        topics=tuple(topics),
        needing_consent=tuple(one for one in topics if one in known and known[one].purpose == "promotional"),
        pressing=tuple(dict.fromkeys([*named, *(path for path in asked if path in facts)])),
    )


def _facts(conditions: Iterable[Expression], catalogue: Catalogue) -> dict[str, Values]:
    found: dict[str, list[Any]] = {}
    for condition in conditions:
        for node in parts_of(condition.tree):
            if isinstance(node, Fact) and _is_settable(node.path):
                found.setdefault(node.path, []).extend(_typical(catalogue.kind(node.path)))
            if isinstance(node, Compare):
                for fact, other in ((node.left, node.right), (node.right, node.left)):
                    if isinstance(fact, Fact) and _is_settable(fact.path):
                        found.setdefault(fact.path, []).extend(_around(other))
                    for path, value in _ago(fact, other):
                        found.setdefault(path, []).append(value)
    return {path: tuple({repr(value): value for value in values}.values()) for path, values in found.items()}


def _ago(node: Node, other: Node) -> Iterator[tuple[str, Ago]]:
    """The dates on either side of what the days since a fact, or until it, are compared with."""
    if isinstance(node, Call) and isinstance(other, Literal_) and isinstance(other.value, int):
        sign = {"days_since": 1, "days_until": -1}.get(node.function, 0)
        for fact in node.arguments if sign else ():
            if isinstance(fact, Fact) and _is_settable(fact.path):
                yield from ((fact.path, Ago(sign * other.value + days)) for days in (0, 1, -1, 5))


def _is_settable(path: str) -> bool:
    return path.partition(".")[0] in _GROUPS and path not in _TOLD | _RECKONED


def _typical(kind: str | None) -> list[Any]:
    values: dict[str, list[Any]] = {"bool": [True, False], "number": [0, 12], "text": ["other"], "date": [Ago(5)]}
    return values.get(str(kind), [])


def _around(node: object) -> Iterator[Any]:
    """The values on either side of what a fact is compared with."""
    literals = node.items if isinstance(node, Items) else (node,)
    for one in literals:
        if isinstance(one, Literal_):
            value = one.value
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield from (value - 1, value, value + 1)
            elif isinstance(value, datetime):
                yield value.isoformat()
            elif isinstance(value, date):
                yield from ((value + timedelta(days=n)).isoformat() for n in (-1, 0, 1))
            else:
                yield value


def _fitting(condition: Expression | None, facts: Mapping[str, Values], filled: Mapping[str, Any]) -> dict[str, Any]:
    """Values for the facts of a condition with which it holds; none where none were found."""
    if condition is None:
        return {}
    asked = [path for path in facts if path in condition.names]
    choices = [(None, *facts[path]) for path in asked]
    for values in islice(product(*choices), _MOST_TRIED):
        chosen = {path: value for path, value in zip(asked, values, strict=True) if value is not None}
        if condition.holds(nested(chosen, filled)):
            return chosen
    return {}


def _properties(condition: Expression | None) -> dict[str, Any]:
    """Properties with which an event starts the playbook."""
    asked = [node for node in parts_of(condition.tree) if isinstance(node, Compare)] if condition is not None else []
    return {
        node.left.path.removeprefix(_PROPERTIES): node.right.value
        for node in asked
        if isinstance(node.left, Fact) and isinstance(node.right, Literal_) and node.op in ("eq", "gteq", "lteq")
        if node.left.path.startswith(_PROPERTIES)
    }


def _listened(playbook: Playbook) -> Iterator[str]:
    trigger = playbook.trigger
    if isinstance(trigger, EventTrigger):
        yield trigger.event
    if isinstance(trigger, AbsentTrigger):
        yield from (one for one in (trigger.since, trigger.absent) if isinstance(one, str))
    if playbook.goal is not None and playbook.goal.event:
        yield playbook.goal.event
    yield from (rule.event for rule in playbook.exit if rule.event)
    for step in walk(playbook.steps):
        yield from step.for_ if isinstance(step, WaitStep) else ()


def _questions(playbook: Playbook, workspace: Workspace) -> dict[str, tuple[str, ...]]:
    asked: set[str] = set()
    for name in used_templates(playbook):
        template = workspace.templates.get(name)
        for files in template.locales.values() if template else ():
            for file in files.values():
                asked |= set(_ASKS.findall(file.text))
    pieces = " ".join(piece.text for piece in workspace.layout.values())
    asked |= {name for name in _ASKS.findall(pieces) if any(f"answers.{name}" in c for c in _names(playbook))}
    known = workspace.vocabulary.questions
    return {name: tuple(known[name].choices) for name in sorted(asked) if name in known}


def _names(playbook: Playbook) -> set[str]:
    return {name for expression, _ in expressions_with_paths(playbook) for name in expression.names}


def _filled(step: FormStep) -> dict[str, Any]:
    values = {"text": "text", "number": 3, "bool": True, "date": "2027-01-20"}
    return {name: values[asked.type] for name, asked in step.form.fields.items()}


def _dates(playbook: Playbook) -> tuple[str, ...]:
    trigger = playbook.trigger
    said = [getattr(trigger, name, None) for name in ("date", "anchor", "since")]
    names = {name for one in said if isinstance(one, Expression) for name in one.names}
    return tuple(sorted(name for name in names if name.startswith(("account.", "contract."))))


def _ahead(playbook: Playbook) -> int:
    trigger = playbook.trigger
    match trigger:
        case DateTrigger():
            span = trigger.latest if trigger.latest is not None else trigger.offset
            return -span.roughly.days if span else 0
        case EveryTrigger():
            return -trigger.every.roughly.days
        case AbsentTrigger():
            return -trigger.within.roughly.days
    return 0


def _days(playbook: Playbook) -> int:
    waits = [step for step in walk(playbook.steps) if isinstance(step, WaitStep)]
    known = [wait.time or wait.up_to for wait in waits]
    known += [playbook.trigger.for_] if isinstance(playbook.trigger, BecomesTrigger) else []
    return max(_SHORTEST, min(_LONGEST, sum(one.roughly.days for one in known if one is not None) + _MORE))


def _topics(playbook: Playbook) -> Iterator[Any]:
    if playbook.topic:
        yield playbook.topic
    yield from (topic for step in walk(playbook.steps) if (topic := getattr(step, "topic", None)))
