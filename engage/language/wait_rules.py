"""Rules over waiting and going round: waits that end, rounds that lead out, playbooks that do not start themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from engage.errors import Problem
from engage.language.context import all_of, is_set, steps_in_context
from engage.language.expressions import Expression
from engage.language.holding import can_hold, implies
from engage.language.places import steps_with_paths
from engage.language.spec import EmailStep, EventTrigger, FormStep, InAppStep, RepeatStep, StopStep, WaitStep, walk
from engage.language.tree import Fact, parts_of
from engage.language.vocabulary import FORM_FILLED, PLAYBOOK_STARTED
from engage.language.workspace import PlaybookFile, Workspace

LONGEST = timedelta(days=3 * 366)
_ALWAYS = ("today", "now", "occurrence.date")
_OWN_NEWS = {EmailStep: "message.", InAppStep: "message.", FormStep: FORM_FILLED}


def waits_end(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A wait lasts longer than anybody stays to see.

    Code: endless-wait
    Why: three years on, nobody remembers why the run goes on, and the customer has long another contract.
    Way out: wait for less, or begin another playbook by its own trigger.
    Wrong:
        steps: [{wait: 2000 days}, {email: welcome/hello}]
    Right:
        steps: [{wait: 20 days}, {email: welcome/hello}]
    """
    for step, path in steps_with_paths(file.playbook.steps, ["steps"]):
        span = (step.time or step.up_to) if isinstance(step, WaitStep) else None
        span = step.form.up_to if isinstance(step, FormStep) else span
        if span is not None and span.roughly > LONGEST:
            message = f"{span} is longer than three years"
            yield file.document.problem(path, "endless-wait", message, severity="warning")


def waits_can_be_answered(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A wait is for something that can never end it.

    Code: wait-never-heard
    Why: the event ends the whole run, or the condition on it never holds; the wait only ever runs out of time.
    Way out: wait for another event, mend `where`, or take the event out of the goal and the exits.
    Wrong:
        exit: [{event: report.created}]
        steps: [{wait: {for: report.created, up_to: 5 days}}, {email: welcome/hello}]
    Right:
        exit: [{event: contract.cancelled}]
        steps: [{wait: {for: report.created, up_to: 5 days}}, {email: welcome/hello}]
    """
    playbook = file.playbook
    ending = {rule.event for rule in playbook.exit}
    ending |= {playbook.goal.event} if playbook.goal and playbook.goal.within is None else set()
    for step, path in steps_with_paths(playbook.steps, ["steps"]):
        if not isinstance(step, WaitStep):
            continue
        for number, name in enumerate(step.for_):
            if name in ending:
                message = f"{name} ends the whole run, so this wait never hears it"
                yield file.document.problem([*path, "wait", "for", number], "wait-never-heard", message)
        if step.where is not None and not can_hold(step.where.tree):
            yield file.document.problem([*path, "wait", "where"], "wait-never-heard", "this never holds")


def waits_know_their_date(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A wait lasts until a date that may be missing.

    Code: wait-passed-over
    Why: where there is no date the run does not wait at all, and the next step comes at once.
    Way out: wait only `if: … is set`, or choose another way where it is missing.
    Wrong:
        steps: [{wait: {until: account.visit_on}}, {email: welcome/hello}]
    Right:
        steps: [{wait: {until: account.visit_on}, if: account.visit_on is set}, {email: welcome/hello}]
    """
    for step, path, around in steps_in_context(file.playbook):
        until = step.until if isinstance(step, WaitStep) else None
        if not isinstance(until, Expression):
            continue
        facts = [part.path for part in parts_of(until.tree) if isinstance(part, Fact)]
        if any(fact in _ALWAYS for fact in facts) or implies(all_of(around), is_set(until.tree)):
            continue
        message = f"where {until} is missing, this does not wait at all"
        hint = f"add: if: {until} is set"
        place = [*path, "wait", "until"]
        yield file.document.problem(place, "wait-passed-over", message, hint=hint, severity="warning")


def rounds_lead_out(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """Rounds go on to the last whatever the customer does.

    Code: loop-without-exit
    Why: somebody who did what was asked in the first round is asked in every other round, too.
    Way out: say `until:`, stop inside the round, or give the playbook a goal or an exit.
    Wrong:
        goal: none
        steps: [{repeat: {at_most: 5, every: 7 days, steps: [{email: welcome/hello}]}}]
    Right:
        goal: none
        steps: [{repeat: {at_most: 5, every: 7 days, until: usage.events > 0, steps: [{email: welcome/hello}]}}]
    """
    playbook = file.playbook
    ends = playbook.goal is not None or bool(playbook.exit)
    for step, path in steps_with_paths(playbook.steps, ["steps"]):
        if not isinstance(step, RepeatStep):
            continue
        stops = any(isinstance(inner, StopStep) for inner in walk(step.repeat.steps))
        if step.until is not None and not can_hold(step.until.tree):
            yield file.document.problem([*path, "repeat", "until"], "loop-without-exit", "this never holds")
        elif step.until is None and not (ends or stops):
            message = "nothing that the customer does ends these rounds"
            hint = "say until:, or give the playbook a goal or an exit"
            yield file.document.problem([*path, "repeat"], "loop-without-exit", message, hint=hint, severity="warning")


def playbooks_do_not_set_themselves_off(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """What the playbook does is what starts it.

    Code: self-trigger
    Why: its own mail would start it again, and again, without an end.
    Way out: start it by what customers do, add an `if:` to the trigger, or let it run `once`.
    Wrong:
        trigger: {event: message.accepted}
    Right:
        trigger: {event: product.opened}
    """
    playbook, trigger = file.playbook, file.playbook.trigger
    if not isinstance(trigger, EventTrigger) or trigger.if_ is not None or playbook.reentry.rule == "once":
        return
    causes = [news for kind, news in _OWN_NEWS.items() if any(isinstance(step, kind) for step in walk(playbook.steps))]
    if any(trigger.event.startswith(news) for news in (*causes, PLAYBOOK_STARTED)):
        message = f"the playbook itself makes {trigger.event} happen"
        yield file.document.problem(["trigger", "event"], "self-trigger", message, hint="add an if: to the trigger")


WAIT_RULES = (
    waits_end,
    waits_can_be_answered,
    waits_know_their_date,
    rounds_lead_out,
    playbooks_do_not_set_themselves_off,
)
