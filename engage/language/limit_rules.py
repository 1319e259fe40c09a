"""Rules over what limits messages: gates that could never be judged, or name what nobody declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from engage.errors import Problem
from engage.language.budgets import Cap
from engage.language.expressions import ExpressionError, parse_expression
from engage.language.gates import GATE_FACTS
from engage.language.guessing import way_out
from engage.language.places import Path
from engage.language.selecting import Selection
from engage.language.shares import EVERYTHING
from engage.language.spec import EmailStep, InAppStep, WaitStep
from engage.language.tree import Fact, Heard, parts_of
from engage.language.workspace import PlaybookFile, Workspace
from engage.language.yaml_reading import Document

_LONG = timedelta(days=365)  # until a date or an event: nobody knows, so nothing is said


def gates_can_be_judged(workspace: Workspace) -> Iterator[Problem]:
    """A gate asks what it cannot know.

    Codes: unknown-fact, unknown-event, fact-not-here
    Why: a gate is judged for every message, also of runs that are over: it knows the customer, and nothing of the run.
    Way out: ask facts of the account, the contact or the contract that somebody declared.
    Wrong (unknown-fact):
        # file: playbooks/_shared/gates.yaml
        ticket: {title: {ja: 障害, en: Ticket}, if: account.plann == "gold"}
    Right:
        # file: playbooks/_shared/gates.yaml
        ticket: {title: {ja: 障害, en: Ticket}, if: account.plan == "gold"}
    Wrong (fact-not-here):
        # file: playbooks/_shared/gates.yaml
        ticket: {title: {ja: 障害, en: Ticket}, if: event.properties.pages > 3}
    Right:
        # file: playbooks/_shared/gates.yaml
        ticket: {title: {ja: 障害, en: Ticket}, if: usage.events > 3}
    """
    for name, gate in workspace.vocabulary.gates.items():
        if gate.if_ is not None:
            yield from condition_problems(workspace, "gates", [name, "if"], gate.if_)


def condition_problems(workspace: Workspace, section: str, path: Path, text: str) -> Iterator[Problem]:
    """What is wrong with a condition about a customer that stands in a file of `_shared/`."""
    document = workspace.documents[section]
    try:
        expression = parse_expression(text, workspace.catalogue, wanted=("bool", "any"))
    except ExpressionError as error:
        yield document.problem(path, error.code, error.message, hint=error.hint, offset=error.offset)
        return
    for part in parts_of(expression.tree):
        if isinstance(part, Fact) and part.path.partition(".")[0] not in GATE_FACTS:
            message = f"{part.path} belongs to a run; here only the customer is known"
            hint = f"ask one of: {', '.join(sorted(GATE_FACTS))}"
            yield document.problem(path, "fact-not-here", message, hint=hint, offset=part.start)
        if isinstance(part, Heard) and not workspace.vocabulary.knows_event(part.event):
            message = f"nobody declared the event {part.event}"
            hint = "declare it in _shared/events.yaml"
            yield document.problem(path, "unknown-event", message, hint=hint, offset=part.start)


def gates_name_what_exists(workspace: Workspace) -> Iterator[Problem]:
    """A gate stops nothing, or names a topic or playbook that nobody has.

    Codes: stops-nothing, unknown-topic, unknown-playbook
    Why: mail would go out on the day on which everybody trusts that it is stopped.
    Way out: correct the name, or write `stops: everything`.
    Wrong (stops-nothing):
        # file: playbooks/_shared/gates.yaml
        ticket: {title: {ja: 障害, en: Ticket}, if: account.is_test, stops: {}}
    Right:
        # file: playbooks/_shared/gates.yaml
        ticket: {title: {ja: 障害, en: Ticket}, if: account.is_test, stops: everything}
    Wrong (unknown-topic):
        # file: playbooks/_shared/gates.yaml
        ticket: {title: {ja: 障害, en: Ticket}, if: account.is_test, stops: {topics: [onbording]}}
    Right:
        # file: playbooks/_shared/gates.yaml
        ticket: {title: {ja: 障害, en: Ticket}, if: account.is_test, stops: {topics: [onboarding]}}
    """
    for name, gate in workspace.vocabulary.gates.items():
        document = workspace.documents["gates"]
        if isinstance(gate.stops, Selection):
            yield from selection_problems(workspace, document, [name, "stops"], gate.stops)
            if not gate.stops:
                message = "this gate stops nothing"
                yield document.problem([name, "stops"], "stops-nothing", message, hint="write: stops: everything")
        yield from selection_problems(workspace, document, [name, "spares"], gate.spares)


def selection_problems(workspace: Workspace, document: Document, path: Path, selection: Selection) -> Iterator[Problem]:
    """The names in a selection that nobody declared."""
    playbooks = {file.playbook.key for file in workspace.playbooks} | workspace.left_out
    known = (("topics", selection.topics, workspace.vocabulary.topics), ("playbooks", selection.playbooks, playbooks))
    for word, names, there in known:
        for number, name in enumerate(names):
            if name not in there:
                hint = way_out(name, there)
                message, code = f"there is no {word.removesuffix('s')} {name}", f"unknown-{word.removesuffix('s')}"
                # A playbook may be taken away, or proved alone, without a word in what all share.
                severity = "warning" if word == "playbooks" else "error"
                yield document.problem([*path, word, number], code, message, hint=hint, severity=severity)


def budgets_name_what_exists(workspace: Workspace) -> Iterator[Problem]:
    """A budget exempts, or counts, what nobody has.

    Codes: unknown-topic, unknown-playbook, unknown-event
    Why: the duty that was to be exempt would be put off, and the call that was to count would not.
    Way out: correct the name, or declare the event in _shared/events.yaml.
    Wrong (unknown-topic):
        # file: playbooks/_shared/budgets.yaml
        exempt: {topics: [onbording]}
    Right:
        # file: playbooks/_shared/budgets.yaml
        exempt: {topics: [onboarding]}
    Wrong (unknown-event):
        # file: playbooks/_shared/budgets.yaml
        human_touches: [product.opend]
    Right:
        # file: playbooks/_shared/budgets.yaml
        human_touches: [product.opened]
    """
    document = workspace.documents.get("budgets")
    if document is None:
        return
    budgets = workspace.vocabulary.budgets
    yield from selection_problems(workspace, document, ["exempt"], budgets.exempt)
    for number, name in enumerate(budgets.human_touches):
        if not workspace.vocabulary.knows_event(name):
            hint = way_out(name, workspace.vocabulary.events, "declare it in _shared/events.yaml")
            message = f"nobody declared the event {name}"
            yield document.problem(["human_touches", number], "unknown-event", message, hint=hint)


def budgets_can_be_met(workspace: Workspace) -> Iterator[Problem]:
    """A playbook by itself writes to a person more often than the budget allows.

    Code: over-budget
    Why: its later messages would be put off every time, and arrive when nobody planned them.
    Way out: wait longer between the messages, or exempt the topic in _shared/budgets.yaml.
    Wrong:
        steps: [{email: welcome/hello}, {wait: 3 days}, {email: welcome/hello}]
        # file: playbooks/_shared/budgets.yaml
        contact: {at_most: 1, within: 7 days}
    Right:
        steps: [{email: welcome/hello}, {wait: 7 days}, {email: welcome/hello}]
        # file: playbooks/_shared/budgets.yaml
        contact: {at_most: 1, within: 7 days}
    """
    budgets = workspace.vocabulary.budgets
    for file in workspace.playbooks:
        for cap, counted in ((budgets.contact, (EmailStep, InAppStep)), (budgets.mails, EmailStep)):
            if cap is not None:
                yield from _over(cap, counted, file, workspace)


def _over(cap: Cap, counted: Any, file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """The messages of a kind that the playbook by itself sends beyond a cap."""
    sent: list[timedelta] = []
    for step, path, at in _straight_on(file):
        topic, purpose = _words_of(file, step, workspace)
        is_limited = workspace.vocabulary.budgets.limits(topic=topic, purpose=purpose, playbook=file.playbook.key)
        if not (is_limited and isinstance(step, counted)):
            continue
        sent = [one for one in sent if one > at - cap.within.delta] + [at]
        if len(sent) > cap.at_most:
            what = "mail" if counted is EmailStep else "message"
            message = f"this is {what} {len(sent)} within {cap.within}; a person gets {cap.at_most} at most"
            hint = "wait longer between the messages, or exempt the topic in _shared/budgets.yaml"
            yield file.document.problem(path, "over-budget", message, hint=hint, severity="warning")


def _straight_on(file: PlaybookFile) -> Iterator[tuple[EmailStep | InAppStep, Path, timedelta]]:
    """The messages of the playbook's own line, with how long after its start; ways of a choice are left out."""
    at = timedelta()
    for number, step in enumerate(file.playbook.steps):
        if isinstance(step, EmailStep | InAppStep):
            yield step, ["steps", number], at
        elif isinstance(step, WaitStep):
            length = step.time or step.up_to
            at += length.roughly if length else _LONG


def _words_of(file: PlaybookFile, step: EmailStep | InAppStep, workspace: Workspace) -> tuple[str, str]:
    template = workspace.templates.get(step.template)
    topic = step.topic or file.playbook.topic or (template.meta.topic if template else None)
    return topic or "", template.meta.purpose if template else "relationship"


def trials_leave_somebody(workspace: Workspace) -> Iterator[Problem]:
    """A holdout or control group leaves nobody to write to, or spares a playbook that is not there.

    Codes: nobody-left, unknown-playbook
    Why: an effect is seen between those who were written to and those who were not; both must exist.
    Way out: hold out 5% to 20%; correct the name.
    Wrong (nobody-left):
        holdout: 100%
    Right:
        holdout: 10%
    Wrong (unknown-playbook):
        # file: playbooks/_shared/experiments.yaml
        control_group: {share: 5%, spares: [welcom]}
    Right:
        # file: playbooks/_shared/experiments.yaml
        control_group: {share: 5%, spares: [welcome]}
    """
    message = "nobody would be left to write to"
    for file in workspace.playbooks:
        if file.playbook.holdout == EVERYTHING:
            yield file.document.problem(["holdout"], "nobody-left", message, hint="write 10%")
    group, document = workspace.vocabulary.experiments.control_group, workspace.documents.get("experiments")
    if group is None or document is None:
        return
    if group.share == EVERYTHING:
        yield document.problem(["control_group", "share"], "nobody-left", message, hint="write 5%")
    spared = Selection(playbooks=group.spares)
    for problem in selection_problems(workspace, document, ["control_group"], spared):
        yield replace(problem, line=document.at(["control_group", "spares"])[0])


def good_standing_can_be_judged(workspace: Workspace) -> Iterator[Problem]:
    """A touch model asks what it cannot know of an account's standing.

    Codes: unknown-fact, fact-not-here
    Why: a mail would go unasked, or be asked about for ever, by a condition that means nothing.
    Way out: ask facts of the account, the contact or the contract that somebody declared.
    Wrong (unknown-fact):
        # file: playbooks/_shared/touch_models.yaml
        mid: {approve: by_exception, good_standing: account.plann == "gold"}
    Right:
        # file: playbooks/_shared/touch_models.yaml
        mid: {approve: by_exception, good_standing: account.plan == "gold"}
    Wrong (fact-not-here):
        # file: playbooks/_shared/touch_models.yaml
        mid: {approve: by_exception, good_standing: 'count("report.created", days=14) > 0'}
    Right:
        # file: playbooks/_shared/touch_models.yaml
        mid: {approve: by_exception, good_standing: usage.events > 0}
    """
    for name, model in workspace.vocabulary.touch_models.items():
        if model.good_standing is None:
            continue
        path: Path = [name, "good_standing"]
        found = list(condition_problems(workspace, "touch_models", path, model.good_standing))
        yield from found
        standing = None if found else parse_expression(model.good_standing, workspace.catalogue)
        if standing is not None and any(isinstance(part, Heard) for part in parts_of(standing.tree)):
            message = "a message does not know counts of events"
            hint = "ask usage.… or a fact of your own"
            yield workspace.documents["touch_models"].problem(path, "fact-not-here", message, hint=hint)


LIMIT_RULES = (
    gates_can_be_judged,
    gates_name_what_exists,
    budgets_name_what_exists,
    budgets_can_be_met,
    trials_leave_somebody,
    good_standing_can_be_judged,
)
