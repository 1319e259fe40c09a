"""Rules over what conditions ask: events, properties and facts that can be there, and what a missing one means."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engage.errors import Problem
from engage.language.guessing import way_out
from engage.language.places import Path as YamlPath
from engage.language.places import expressions_with_paths, steps_with_paths
from engage.language.spec import AbsentTrigger, EventTrigger, FormStep, WaitStep
from engage.language.tree import Compare, Fact, Heard, Missing, Node, Not, parts_of
from engage.language.vocabulary import CLICKED, Vocabulary
from engage.language.workspace import PlaybookFile, Workspace

ALWAYS_SET = frozenset(
    """account.id account.external_id account.name account.is_test contact.id contact.is_staff contact.has_left
    contact.roles waited.happened handoff.complete today now event.name""".split()  # noqa: SIM905
)
# However a team calls it: `message.opened`, or what other tools send, such as `Email Opened`.
_OPENS = re.compile(r"(?:e-?mail|message)s?[ ._-]*open(?:ed|s)?", re.IGNORECASE)


def events_are_declared(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """An event is named that nobody declared.

    Code: unknown-event
    Why: a misspelt event never comes, and nothing would ever say so.
    Way out: correct the name, or declare the event in `_shared/events.yaml`.
    Wrong:
        trigger: {event: product.opend}
    Right:
        trigger: {event: product.opened}
    """
    for name, path in _event_names(file):
        if not _is_known(name, workspace.vocabulary):
            hint = _event_meant(name, workspace.vocabulary)
            yield file.document.problem(path, "unknown-event", f"nobody declared the event {name}", hint=hint)
    for expression, path in expressions_with_paths(file.playbook):
        for part in parts_of(expression.tree):
            if isinstance(part, Heard) and not _is_known(part.event, workspace.vocabulary):
                message, hint = (
                    f"nobody declared the event {part.event}",
                    _event_meant(part.event, workspace.vocabulary),
                )
                yield file.document.problem(path, "unknown-event", message, hint=hint, offset=part.start)


def opens_decide_nothing(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A playbook rests on a mail having been opened.

    Code: rests-on-opens
    Why: many mail programs open every mail by themselves and others never tell; an open says nothing of a reader.
    Way out: ask for `message.clicked`, which only a person causes, or better for what the mail asks its reader to do.
    Wrong:
        steps: [{wait: {for: message.opened, up_to: 5 days}}, {email: welcome/hello}]
    Right:
        steps: [{wait: {for: message.clicked, up_to: 5 days}}, {email: welcome/hello}]
    Wrong:
        audience: count("email.opened", days=30) > 0
    Right:
        audience: count("product.opened", days=30) > 0
    """
    message, hint = "an open decides nothing: programs open mails, too", f"use {CLICKED}, or what the mail asks for"
    for name, path in _event_names(file):
        if _OPENS.fullmatch(name):
            yield file.document.problem(path, "rests-on-opens", message, hint=hint)
    for expression, path in expressions_with_paths(file.playbook):
        for part in parts_of(expression.tree):
            if isinstance(part, Heard) and _OPENS.fullmatch(part.event):
                yield at(file, path, part, "rests-on-opens", message, hint)


def properties_are_declared(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A condition asks a property that the event does not have.

    Code: unknown-property
    Why: it is always missing, so the condition never holds.
    Way out: correct the name, or declare it with the event in `_shared/events.yaml`.
    Wrong:
        trigger: {event: product.opened, if: event.properties.page > 3}
    Right:
        trigger: {event: product.opened, if: event.properties.pages > 3}
    """
    trigger = file.playbook.trigger
    declared = workspace.vocabulary.events.get(trigger.event) if isinstance(trigger, EventTrigger) else None
    if declared is None or not declared.properties:
        return
    for fact, path in facts_of(file):
        name = fact.path.removeprefix("event.properties.")
        if name != fact.path and name.split(".")[0] not in declared.properties:
            message = f"the event has no property {name}"
            yield at(file, path, fact, "unknown-property", message, way_out(name, declared.properties))


def facts_exist_here(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A fact is asked where there can be none.

    Code: fact-not-here
    Why: only a playbook with an event trigger has an `event`, only one that waits has `waited`, and so on; asked
        elsewhere they are always missing.
    Way out: ask something that this playbook has.
    Wrong:
        steps: [{email: welcome/hello, if: waited.happened}]
    Right:
        steps: [{wait: {for: report.created, up_to: 5 days}}, {email: welcome/hello, if: waited.happened}]
    """
    ids = {step.id.replace("-", "_") for step, _ in steps_with_paths(file.playbook.steps, ["steps"])}
    for fact, path in facts_of(file):
        reason = _why_missing(fact.path, path, file, ids)
        if reason:
            yield at(file, path, fact, "fact-not-here", f"{fact.path}: {reason}", None)


def missing_facts_are_meant(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A condition says `!=` or `not` of a fact that may be missing, and does not say what then.

    Code: maybe-missing
    Why: every comparison with a missing value is false, so `!=` leaves out those we know nothing of and `not` lets
        them in; often neither is meant.
    Way out: add `… is set and` or `… is missing or`, whichever you mean.
    Wrong:
        audience: account.plan != "gold"
    Right:
        audience: account.plan is missing or account.plan != "gold"
    """
    known = ALWAYS_SET - ({"waited.happened"} if CLICKED in dict(_event_names(file)) else set())
    for expression, path in expressions_with_paths(file.playbook):
        parts = list(parts_of(expression.tree))
        asked = {inner for part in parts if isinstance(part, Missing) for inner in _paths(part)}
        for part in parts:
            negative = isinstance(part, Not) or (isinstance(part, Compare) and part.op in ("ne", "notin"))
            unsure = sorted(_paths(part) - asked - known) if negative else []
            if unsure:
                answer = "true" if isinstance(part, Not) else "false"
                message = f"where {unsure[0]} is missing, this is {answer}"
                hint = f"add: {unsure[0]} is set (or: is missing)"
                yield file.document.problem(
                    path, "maybe-missing", message, hint=hint, offset=part.start, severity="warning"
                )


def facts_of(file: PlaybookFile) -> Iterator[tuple[Fact, YamlPath]]:
    """Every fact that an expression of the playbook names."""
    for expression, path in expressions_with_paths(file.playbook):
        for part in parts_of(expression.tree):
            if isinstance(part, Fact):
                yield part, path


def at(file: PlaybookFile, path: YamlPath, part: Node, code: str, message: str, hint: str | None) -> Problem:
    """A complaint about one part of an expression."""
    return file.document.problem(path, code, message, hint=hint, offset=part.start)


def _is_known(name: str, vocabulary: Vocabulary) -> bool:
    """Whether the event may be named, or is complained of elsewhere."""
    return vocabulary.knows_event(name) or _OPENS.fullmatch(name) is not None


def _event_meant(name: str, vocabulary: Vocabulary) -> str:
    return way_out(name, vocabulary.events, "declare it in _shared/events.yaml")


def _why_missing(path: str, place: YamlPath, file: PlaybookFile, ids: set[str]) -> str | None:
    root, _, rest = path.partition(".")
    waits = any(isinstance(step, WaitStep) and step.for_ for step, _ in steps_with_paths(file.playbook.steps, []))
    in_wait = place[-1:] == ["where"]
    if root == "event" and not in_wait and not isinstance(file.playbook.trigger, EventTrigger):
        return "only a playbook with an event trigger has an event"
    if root == "form" and rest not in _form_facts(file):
        return "no form of this playbook asks it"
    if root == "waited" and not waits:
        return "no step of this playbook waits for an event"
    if root == "sent" and rest.rpartition(".")[0].replace("-", "_") not in ids:
        return "no step of this playbook has this id"
    if root == "contact" and file.playbook.subject != "contact" and "cc" not in place:
        return "only a run per contact has one contact before a message is addressed"
    return None


def _form_facts(file: PlaybookFile) -> set[str]:
    forms = [step for step, _ in steps_with_paths(file.playbook.steps, []) if isinstance(step, FormStep)]
    return {f"{form.id.replace('-', '_')}.{name}" for form in forms for name in ("filled", *form.form.fields)}


def _event_names(file: PlaybookFile) -> Iterator[tuple[str, YamlPath]]:
    playbook, trigger = file.playbook, file.playbook.trigger
    if isinstance(trigger, EventTrigger):
        yield trigger.event, ["trigger", "event"]
    if isinstance(trigger, AbsentTrigger):
        yield trigger.absent, ["trigger", "absent"]
        if isinstance(trigger.since, str):
            yield trigger.since, ["trigger", "since"]
    if playbook.goal and playbook.goal.event:
        yield playbook.goal.event, ["goal", "event"]
    if playbook.expect and playbook.expect.event:
        yield playbook.expect.event, ["expect", "event"]
    for number, rule in enumerate(playbook.exit):
        if rule.event:
            yield rule.event, ["exit", number, "event"]
    for step, path in steps_with_paths(playbook.steps, ["steps"]):
        if isinstance(step, WaitStep):
            for number, name in enumerate(step.for_):
                yield name, [*path, "wait", "for", number]


def _paths(node: Node) -> set[str]:
    return {part.path for part in parts_of(node) if isinstance(part, Fact)}


FACT_RULES = (
    events_are_declared,
    opens_decide_nothing,
    properties_are_declared,
    facts_exist_here,
    missing_facts_are_meant,
)
