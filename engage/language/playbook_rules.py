"""Rules over each playbook: what reads well but would do nothing, or the wrong thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import wraps
from pathlib import Path

from engage.errors import Problem
from engage.language.catalogue import nearest
from engage.language.durations import Duration
from engage.language.expressions import Expression
from engage.language.places import Path as YamlPath
from engage.language.places import expressions_with_paths, steps_with_paths
from engage.language.spec import (
    AbsentTrigger,
    ChooseStep,
    DateTrigger,
    EmailStep,
    EventTrigger,
    EveryTrigger,
    InAppStep,
    WaitStep,
)
from engage.language.templates import LOCALES
from engage.language.tree import Compare, Fact, Literal_, Missing, Not, parts_of
from engage.language.workspace import PlaybookFile, Workspace

FURTHEST = timedelta(days=3660)
ALWAYS_SET = frozenset(
    """account.id account.external_id account.name account.is_test contact.id contact.is_staff contact.has_left
    contact.roles waited.happened handoff.complete today now event.name""".split()  # noqa: SIM905
)
PlaybookRule = Callable[[PlaybookFile, Workspace], Iterator[Problem]]


def key_is_file_name(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A playbook is found by its key, so file and key agree and no two files claim one key."""
    stem = Path(file.document.file).stem
    if stem != file.playbook.key:
        message = f"the playbook '{file.playbook.key}' stands in {stem}.yaml"
        yield file.document.problem(["playbook"], "file-name", message, hint=f"name the file {file.playbook.key}.yaml")
    twins = [other for other in workspace.playbooks if other.playbook.key == file.playbook.key and other is not file]
    if twins:
        message = f"{twins[0].document.file} has the same key"
        yield file.document.problem(["playbook"], "double-key", message)


def templates_exist(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """Every message has its template, of the right kind, in every language."""
    for step, path in _messages(file):
        word = "email" if isinstance(step, EmailStep) else "in_app"
        template = workspace.templates.get(step.template)
        if template is None:
            close = nearest(step.template, workspace.templates)
            hint = f"did you mean {close}?" if close else f"make email_templates/{step.template}/meta.yaml"
            message = f"there is no template {step.template}"
            yield file.document.problem([*path, word], "missing-template", message, hint=hint)
        elif template.meta.kind != word:
            message = f"{step.template} is a template of kind {template.meta.kind}"
            yield file.document.problem([*path, word], "wrong-template", message)
        else:
            for locale in (locale for locale in LOCALES if locale not in template.locales):
                message = f"{step.template} has no texts in {locale}"
                hint = f"write email_templates/{step.template}/{locale}/"
                yield file.document.problem([*path, word], "missing-locale", message, hint=hint)


def messages_have_topics(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A customer can only opt out of what has a topic."""
    topics = workspace.vocabulary.topics
    if file.playbook.topic and file.playbook.topic not in topics:
        yield _unknown_topic(file, ["topic"], file.playbook.topic, topics)
    for step, path in _messages(file):
        if step.topic and step.topic not in topics:
            yield _unknown_topic(file, [*path, "topic"], step.topic, topics)
        template = workspace.templates.get(step.template)
        if not (step.topic or file.playbook.topic or (template and template.meta.topic)):
            hint = "say 'topic:' for the playbook, the step or the template"
            yield file.document.problem(path, "no-topic", "this message to a customer has no topic", hint=hint)


def messages_have_recipients(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """Somebody must get it: 'to' on the step or the playbook; a contact's own run may leave it out."""
    if file.playbook.to or file.playbook.subject == "contact":
        return
    for step, path in _messages(file):
        if not step.to:
            hint = "say 'to:' for the playbook or the step"
            yield file.document.problem(path, "no-recipient", "nobody is to get this message", hint=hint)


def senders_have_fallback(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A person may be absent; the team never is."""
    lists = [(file.playbook.from_, ["from"])] if any(not s.from_ for s, _ in _emails(file)) else []
    lists += [(step.from_, [*path, "from"]) for step, path in _emails(file) if step.from_]  # type: ignore[list-item]
    for senders, path in lists:
        if "team" not in senders:
            said = ", ".join(senders)
            message = f"where there is no {said}, the mail is held: nobody could sign it"
            yield file.document.problem(
                path, "no-sender-fallback", message, hint="end the list with team", severity="warning"
            )


def events_are_declared(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A misspelt event would never come."""
    for name, path in _event_names(file):
        if not workspace.vocabulary.knows_event(name):
            close = nearest(name, workspace.vocabulary.events)
            hint = f"did you mean {close}?" if close else "declare it in _shared/events.yaml"
            yield file.document.problem(path, "unknown-event", f"nobody declared the event {name}", hint=hint)


def properties_are_declared(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """Where an event declares its properties, a condition asks only those."""
    trigger = file.playbook.trigger
    declared = workspace.vocabulary.events.get(trigger.event) if isinstance(trigger, EventTrigger) else None
    if declared is None or not declared.properties:
        return
    for fact, expression, path in _facts(file):
        name = fact.path.removeprefix("event.properties.")
        if name != fact.path and name.split(".")[0] not in declared.properties:
            close = nearest(name, declared.properties)
            message = f"the event has no property {name}"
            yield _at(file, path, expression, fact, "unknown-property", message, close and f"did you mean {close}?")


def facts_exist_here(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """Some facts exist only in some places: asked elsewhere they are always missing."""
    ids = {step.id.replace("-", "_") for step, _ in steps_with_paths(file.playbook.steps, ["steps"])}
    for fact, expression, path in _facts(file):
        reason = _why_missing(fact.path, path, file, ids)
        if reason:
            yield _at(file, path, expression, fact, "fact-not-here", f"{fact.path}: {reason}", None)


def _why_missing(path: str, place: YamlPath, file: PlaybookFile, ids: set[str]) -> str | None:
    root, _, rest = path.partition(".")
    waits = any(isinstance(step, WaitStep) and step.for_ for step, _ in steps_with_paths(file.playbook.steps, []))
    in_wait = place[-1:] == ["where"]
    if root == "event" and not in_wait and not isinstance(file.playbook.trigger, EventTrigger):
        return "only a playbook with an event trigger has an event"
    if root == "waited" and not waits:
        return "no step of this playbook waits for an event"
    if root == "sent" and rest.rpartition(".")[0].replace("-", "_") not in ids:
        return "no step of this playbook has this id"
    if root == "contact" and file.playbook.subject != "contact" and "cc" not in place:
        return "only a run per contact has one contact before a message is addressed"
    return None


def distances_are_possible(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A day is counted in days, and nobody plans more than ten years ahead."""
    trigger = file.playbook.trigger
    if isinstance(trigger, EveryTrigger) and trigger.every.unit in ("minutes", "hours"):
        message = f"'{trigger.every}' is no period of days"
        yield file.document.problem(["trigger", "every"], "bad-offset", message)
    if not isinstance(trigger, DateTrigger):
        return
    for word, distance in (("offset", trigger.offset), ("latest", trigger.latest)):
        if distance is not None:
            yield from _distance(file, word, distance)
    if trigger.latest and trigger.if_late and trigger.if_late.within.roughly > -trigger.latest.roughly > timedelta(0):
        message = "started that late, the date itself would already have passed"
        yield file.document.problem(["trigger", "if_late"], "late-past-date", message, severity="warning")


def _distance(file: PlaybookFile, word: str, distance: Duration) -> Iterator[Problem]:
    path: YamlPath = ["trigger", word]
    if distance.unit in ("minutes", "hours"):
        message = "a date has no hours"
        yield file.document.problem(path, "bad-offset", message, hint="count in days, business days, weeks or months")
    elif abs(distance.roughly) > FURTHEST:
        yield file.document.problem(path, "bad-offset", f"{distance} is more than ten years away")
    elif word == "latest" and distance.amount > 0:
        message = "'latest' leads up to a date"
        yield file.document.problem(path, "bad-offset", message, hint=f"write {-distance}, or use offset")


def branches_are_reachable(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A branch behind one that always holds, or asking the same again, is never taken."""
    for step, path in steps_with_paths(file.playbook.steps, ["steps"]):
        if isinstance(step.if_, Expression) and _constant(step.if_) is False:
            yield file.document.problem([*path, "if"], "unreachable", "this never holds")
        if isinstance(step, ChooseStep):
            yield from _dead_ways(file, step, [*path, "choose"])


def _dead_ways(file: PlaybookFile, step: ChooseStep, path: YamlPath) -> Iterator[Problem]:
    seen: set[str] = set()
    closed = False
    for number, way in enumerate(step.choose):
        text = "else" if way.if_ is None else str(way.if_)
        constant = None if way.if_ is None else _constant(way.if_)
        if closed or text in seen or constant is False:
            yield file.document.problem([*path, number], "unreachable", f"this way is never taken: {text}")
        seen.add(text)
        closed = closed or constant is True


def missing_facts_are_meant(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """`!=` is false and `not` is true where the fact is missing: often neither is meant."""
    for expression, path in expressions_with_paths(file.playbook):
        parts = list(parts_of(expression.tree))
        asked = {inner for part in parts if isinstance(part, Missing) for inner in _paths(part)}
        for part in parts:
            negative = isinstance(part, Not) or (isinstance(part, Compare) and part.op in ("ne", "notin"))
            unsure = sorted(_paths(part) - asked - ALWAYS_SET) if negative else []
            if unsure:
                answer = "true" if isinstance(part, Not) else "false"
                message = f"where {unsure[0]} is missing, this is {answer}"
                hint = f"add: {unsure[0]} is set (or: is missing)"
                yield file.document.problem(
                    path, "maybe-missing", message, hint=hint, offset=part.start, severity="warning"
                )


def _messages(file: PlaybookFile) -> list[tuple[EmailStep | InAppStep, YamlPath]]:
    pairs = steps_with_paths(file.playbook.steps, ["steps"])
    return [(step, path) for step, path in pairs if isinstance(step, EmailStep | InAppStep)]


def _emails(file: PlaybookFile) -> list[tuple[EmailStep, YamlPath]]:
    return [(step, path) for step, path in _messages(file) if isinstance(step, EmailStep)]


def _facts(file: PlaybookFile) -> Iterator[tuple[Fact, Expression, YamlPath]]:
    for expression, path in expressions_with_paths(file.playbook):
        for part in parts_of(expression.tree):
            if isinstance(part, Fact):
                yield part, expression, path


def _at(
    file: PlaybookFile, path: YamlPath, expression: Expression, fact: Fact, code: str, message: str, hint: str | None
) -> Problem:
    return file.document.problem(path, code, message, hint=hint, offset=fact.start)


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
    for number, rule in enumerate(playbook.exit):
        if rule.event:
            yield rule.event, ["exit", number, "event"]
    for step, path in steps_with_paths(playbook.steps, ["steps"]):
        if isinstance(step, WaitStep):
            for number, name in enumerate(step.for_):
                yield name, [*path, "wait", "for", number]


def _unknown_topic(file: PlaybookFile, path: YamlPath, topic: str, topics: object) -> Problem:
    known = list(topics)  # type: ignore[call-overload]
    close = nearest(topic, known)
    hint = f"did you mean {close}?" if close else "declare it in _shared/topics.yaml"
    return file.document.problem(path, "unknown-topic", f"nobody declared the topic {topic}", hint=hint)


def _constant(expression: Expression) -> bool | None:
    value = expression.tree.value if isinstance(expression.tree, Literal_) else None
    return value if isinstance(value, bool) else None


def _paths(node: object) -> set[str]:
    return {part.path for part in parts_of(node) if isinstance(part, Fact)}  # type: ignore[arg-type]


def _each(rule: PlaybookRule) -> Callable[[Workspace], Iterator[Problem]]:
    @wraps(rule)
    def over_all(workspace: Workspace) -> Iterator[Problem]:
        for file in workspace.playbooks:
            yield from rule(file, workspace)

    return over_all


PLAYBOOK_RULES = tuple(
    map(
        _each,
        (
            key_is_file_name,
            templates_exist,
            messages_have_topics,
            messages_have_recipients,
            senders_have_fallback,
            events_are_declared,
            properties_are_declared,
            facts_exist_here,
            distances_are_possible,
            branches_are_reachable,
            missing_facts_are_meant,
        ),
    )
)
