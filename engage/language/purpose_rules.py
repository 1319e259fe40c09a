"""Rules over what a playbook is for and what it promises: a goal, words that are true, trials where they are fair."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engage.errors import Problem
from engage.language.context import Conditions, all_of, steps_in_context
from engage.language.experiments import is_owed
from engage.language.holding import implies
from engage.language.message_rules import templates_of
from engage.language.places import Path as YamlPath
from engage.language.places import steps_with_paths
from engage.language.spec import SplitStep
from engage.language.steps import messages_in, templates_sent
from engage.language.template_facts import TemplateSourceError, facts_named
from engage.language.templates import Template
from engage.language.tree import Compare, Fact, Literal_, Node
from engage.language.workspace import PlaybookFile, Workspace

SENT = "sent."


def key_is_file_name(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A playbook stands in a file of another name.

    Code: file-name
    Why: a playbook is found by its key; whoever looks for the file would not find it.
    Way out: name the file after the key.
    Wrong:
        playbook: welcom
    Right:
        playbook: welcome
    """
    stem = Path(file.document.file).stem
    if stem != file.playbook.key:
        message = f"the playbook '{file.playbook.key}' stands in {stem}.yaml"
        yield file.document.problem(["playbook"], "file-name", message, hint=f"name the file {file.playbook.key}.yaml")


def keys_are_unique(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """Two files claim the same key.

    Code: double-key
    Why: nobody could say which of them is live.
    Way out: give one of them another key, or delete it. The same code complains of a key that a mapping has twice.
    Wrong:
        # file: playbooks/_shared/calendars.yaml
        JP: [2027-08-13]
        JP: [2027-12-30]
    Right:
        # file: playbooks/_shared/calendars.yaml
        JP: [2027-08-13, 2027-12-30]
    """
    twins = [other for other in workspace.playbooks if other.playbook.key == file.playbook.key and other is not file]
    if twins:
        yield file.document.problem(["playbook"], "double-key", f"{twins[0].document.file} has the same key")


def playbooks_have_goals(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A playbook does not say what it is to bring about.

    Code: no-goal
    Why: without a goal nobody can tell whether it works, and those who have reached it go on getting mail.
    Way out: say `goal:` with an event or a condition; where there is truly none (a thank-you), say `goal: none`.
    Wrong:
        goal: ~
    Right:
        goal: {event: report.created, within: 90 days}
    """
    data = file.document.data
    if file.playbook.goal is None and not (isinstance(data, dict) and data.get("goal")):
        message = "nobody can tell whether this playbook works: it has no goal"
        hint = "say goal: {event: …, within: …}, or goal: none"
        yield file.document.problem(["playbook"], "no-goal", message, hint=hint, severity="warning")


def mails_cite_what_was_sent(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A reminder may cite a mail that was never sent.

    Code: unsent-cited
    Why: the first mail may have been refused, skipped or held; "on Tuesday I wrote to you" would then be untrue.
    Way out: send the reminder only `if: sent.<step>.state == "accepted"`.
    Wrong:
        steps: [{email: welcome/hello, id: hello}, {wait: 7 days}, {email: welcome/again}]
    Right:
        steps:
          - {email: welcome/hello, id: hello}
          - wait: 7 days
          - {email: welcome/again, if: sent.hello.state == "accepted"}
    """
    ids = {step.id.replace("-", "_") for step, _ in steps_with_paths(file.playbook.steps, [])}
    for step, path, around in steps_in_context(file.playbook):
        for name in (name for message in messages_in(step) for name in templates_sent(message)):
            template = workspace.templates.get(name)
            for cited in sorted(_cited(template)) if template else ():
                yield from _citing(file, path, name, cited, ids, around)


def contract_news_is_no_trial(file: PlaybookFile, workspace: Workspace) -> Iterator[Problem]:
    """A playbook that informs of the contract tries something out.

    Code: no-trial
    Why: what a customer must know of the contract reaches all of them alike. It is that where a run is per
        contract, where an event `contract.…` starts it, where a message is on the topic `contract` or transactional.
    Way out: use `choose` with a condition, and no holdout.
    Wrong:
        subject: contract
        steps: [{split: {a: 50%, b: 50%}, a: [{email: welcome/hello}], b: []}]
    Right:
        subject: contract
        steps: [{email: welcome/hello}]
    Wrong:
        trigger: {event: contract.started}
        holdout: 10%
    Right:
        trigger: {event: contract.started}
    """
    if not is_owed(file.playbook, (template.meta.model_dump() for template in templates_of(file, workspace))):
        return
    for step, path in steps_with_paths(file.playbook.steps, ["steps"]):
        if isinstance(step, SplitStep):
            message = "a playbook that informs of the contract tries nothing out on customers"
            yield file.document.problem([*path, "split"], "no-trial", message, hint="use choose, with a condition")
    if file.playbook.holdout is not None:
        message = "a playbook that informs of the contract leaves nobody out"
        yield file.document.problem(["holdout"], "no-trial", message, hint="take the holdout away", key=True)


def _citing(
    file: PlaybookFile, path: YamlPath, name: str, cited: str, ids: set[str], around: Conditions
) -> Iterator[Problem]:
    if cited not in ids:
        yield file.document.problem(path, "unsent-cited", f"{name} cites {cited}, which is no step of this playbook")
    elif not implies(all_of(around), _accepted(cited)):
        message, hint = f"{name} cites {cited}, which may never have been sent", _only_if_sent(cited)
        yield file.document.problem(path, "unsent-cited", message, hint=hint)


def _cited(template: Template) -> set[str]:
    """The steps whose sending the template tells of."""
    paths = set(template.meta.needs)
    for source in (source for files in template.locales.values() for source in files.values()):
        try:
            paths |= {fact.path for fact in facts_named(source.text)}
        except TemplateSourceError:
            continue  # another rule says so
    return {path.split(".")[1].replace("-", "_") for path in paths if path.startswith(SENT)}


def _only_if_sent(step_id: str) -> str:
    return f'add: if: {SENT}{step_id}.state == "accepted"'


def _accepted(step_id: str) -> Node:
    fact = Fact("text", 0, f"{SENT}{step_id}.state")
    return Compare("bool", 0, "eq", fact, Literal_("text", 0, "accepted"))


PURPOSE_RULES = (
    key_is_file_name,
    keys_are_unique,
    playbooks_have_goals,
    mails_cite_what_was_sent,
    contract_news_is_no_trial,
)
