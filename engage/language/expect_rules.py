"""Rules over `expect`: that it can be measured, compared, and that nobody looks before there is something to see."""

from __future__ import annotations

from collections.abc import Iterator

from engage.errors import Problem
from engage.language.experiments import is_owed
from engage.language.message_rules import templates_of
from engage.language.workspace import PlaybookFile, Workspace


def expectations_can_be_measured(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """What is expected cannot be seen in those who are left alone.

    Code: no-measure
    Why: a condition is watched only while a run lasts; whoever is left alone has no run, so nobody would know when it
        came true for them, and only one side of the comparison would be counted.
    Way out: give the goal an event, or name an event in `expect`.
    Wrong:
        goal: {if: usage.events > 10}
        holdout: 10%
        expect: {metric: goal, look_after: 90 days}
    Right:
        goal: {if: usage.events > 10}
        holdout: 10%
        expect: {event: report.created, look_after: 90 days}
    """
    playbook = file.playbook
    if playbook.expect is None or playbook.expect.metric != "goal":
        return
    if playbook.goal is None or playbook.goal.event is None:
        message = "the goal is no event, so nobody knows who reached it without the playbook"
        hint = "say expect: {event: …}, or goal: {event: …}"
        yield file.document.problem(["expect", "metric"], "no-measure", message, hint=hint)


def effects_are_compared(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """An effect is expected, and nobody is left alone to compare with.

    Code: no-comparison
    Why: customers come to use, renew and leave by themselves, too. Without a group that got nothing, the figure says
        how they fare, not what the playbook did; `stop_if` decides nothing, for it needs the playbook's own holdout.
    Way out: say `holdout: 10%`. A playbook that informs of the contract leaves nobody out: there, take `stop_if` away
        and read the figure as what it is.
    Wrong:
        expect: {metric: goal, look_after: 120 days, stop_if: no_effect}
    Right:
        holdout: 10%
        expect: {metric: goal, look_after: 120 days, stop_if: no_effect}
    Wrong:
        subject: contract
        expect: {metric: renewal_rate, look_after: 180 days, stop_if: no_effect}
    Right:
        subject: contract
        expect: {metric: renewal_rate, look_after: 180 days}
    """
    playbook = file.playbook
    expect = playbook.expect
    if expect is None or playbook.holdout is not None:
        return
    owed = is_owed(playbook, (template.meta.model_dump() for template in templates_of(file, workspace)))
    if expect.stop_if is not None:
        message = "nothing will be decided: nobody is left alone by this playbook, so there is nothing to compare with"
        hint = "take stop_if away: all must get it alike" if owed else "say holdout: 10%"
        yield file.document.problem(
            ["expect", "stop_if"], "no-comparison", message, hint=hint, severity="warning", key=True
        )
        return
    group = workspace.vocabulary.experiments.control_group
    if not owed and (group is None or playbook.key in group.spares):
        message = "nobody is left alone by this playbook, so nobody can tell what it did"
        hint = "say holdout: 10%"
        yield file.document.problem(["expect"], "no-comparison", message, hint=hint, severity="warning", key=True)


def looks_come_after_the_goal(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """Somebody looks before the time for the goal has run out.

    Code: early-look
    Why: who reaches the goal after the look is counted as not having reached it.
    Way out: look after the goal's `within`, or later.
    Wrong:
        goal: {event: report.created, within: 90 days}
        holdout: 10%
        expect: {metric: goal, look_after: 30 days}
    Right:
        goal: {event: report.created, within: 90 days}
        holdout: 10%
        expect: {metric: goal, look_after: 90 days}
    """
    expect, goal = file.playbook.expect, file.playbook.goal
    if expect is None or expect.metric != "goal" or goal is None or goal.within is None:
        return
    if expect.look_after.delta < goal.within.roughly:
        message = f"the look comes after {expect.look_after}, and the goal has {goal.within}"
        hint = f"write look_after: {goal.within.roughly.days} days"
        yield file.document.problem(["expect", "look_after"], "early-look", message, hint=hint, severity="warning")


EXPECT_RULES = (expectations_can_be_measured, effects_are_compared, looks_come_after_the_goal)
