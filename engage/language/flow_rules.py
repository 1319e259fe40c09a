"""Rules over what a run sets going: which playbook begins another, whose facts are set."""

from __future__ import annotations

from collections.abc import Iterator

from engage.errors import Problem
from engage.language.guessing import way_out
from engage.language.places import Path as YamlPath
from engage.language.places import steps_with_paths
from engage.language.spec import SetStep, StartStep
from engage.language.workspace import PlaybookFile, Workspace


def started_playbooks_exist(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A playbook begins another one that does not exist, or that runs for something else, or that begins it again.

    Codes: unknown-playbook, other-subject, start-circle
    Why: nothing would begin; or, where playbooks begin each other in a circle, there would be no end.
    Way out: name a playbook with the same subject; use `repeat` or a reentry rule instead of a circle.
    Wrong (unknown-playbook):
        steps: [{start: welcom}]
    Right:
        steps: [{start: other}]
        # file: playbooks/other.yaml
        {playbook: other, title: {ja: 別, en: Other}, stage: use, subject: account, trigger: manual, goal: none,
        steps: [{wait: 1 day}]}
    Wrong (other-subject):
        subject: contact
        steps: [{start: other}]
        # file: playbooks/other.yaml
        {playbook: other, title: {ja: 別, en: Other}, stage: use, subject: account, trigger: manual, goal: none,
        steps: [{wait: 1 day}]}
    Right:
        steps: [{start: other}]
        # file: playbooks/other.yaml
        {playbook: other, title: {ja: 別, en: Other}, stage: use, subject: account, trigger: manual, goal: none,
        steps: [{wait: 1 day}]}
    Wrong (start-circle):
        steps: [{start: welcome}]
    Right:
        reentry: again after 90 days
    """
    known = {other.playbook.key: other for other in workspace.playbooks}
    for step, path in _starts(file):
        place: YamlPath = [*path, "start"]
        other = known.get(step.start)
        if other is None:
            message = f"there is no playbook {step.start}"
            yield file.document.problem(place, "unknown-playbook", message, hint=way_out(step.start, known))
        elif other.playbook.subject != file.playbook.subject:
            message = f"{step.start} runs per {other.playbook.subject}, this one per {file.playbook.subject}"
            yield file.document.problem(place, "other-subject", message)
        elif circle := _circle(file.playbook.key, step.start, known):
            message = f"this begins itself again: {' → '.join(circle)}"
            yield file.document.problem(place, "start-circle", message, hint="use repeat, or a reentry rule")


def set_facts_have_an_owner(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A fact of a contact is set in a run that is about no one contact.

    Code: fact-not-here
    Why: an account has many contacts; nobody could say whose fact it is.
    Way out: set a fact of the account, or let the playbook run per contact.
    Wrong:
        steps: [{set: {contact.nickname: Emma}}]
        # file: playbooks/_shared/facts.yaml
        contact.nickname: text
    Right:
        steps: [{set: {account.plan: gold}}]
    """
    if file.playbook.subject == "contact":
        return
    for step, path in steps_with_paths(file.playbook.steps, ["steps"]):
        for fact in step.set if isinstance(step, SetStep) else ():
            if fact.startswith("contact."):
                message = f"{fact}: a run per {file.playbook.subject} is about no one contact"
                yield file.document.problem([*path, "set", fact], "fact-not-here", message, key=True)


def _starts(file: PlaybookFile) -> list[tuple[StartStep, YamlPath]]:
    pairs = steps_with_paths(file.playbook.steps, ["steps"])
    return [(step, path) for step, path in pairs if isinstance(step, StartStep)]


def _circle(home: str, key: str, known: dict[str, PlaybookFile], before: tuple[str, ...] = ()) -> list[str] | None:
    """The way from a playbook back to the one at home, if its starts lead there."""
    if key == home:
        return [home, *before, home]
    if key in before or key not in known:
        return None
    ways = (_circle(home, step.start, known, (*before, key)) for step, _ in _starts(known[key]))
    return next((way for way in ways if way), None)


FLOW_RULES = (started_playbooks_exist, set_facts_have_an_owner)
