"""Rules over losers of the touch budget that are to travel in another mail: can any, and is there a place for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engage.errors import Problem
from engage.language.steps import EmailStep, messages_in, templates_sent, walk
from engage.language.templates import SECTION, SECTION_FILE, Template
from engage.language.workspace import Workspace

_SHOWN = re.compile(rf"\{{\{{\s*{SECTION}\b")


def sections_are_complete(workspace: Workspace) -> Iterator[Problem]:
    """A mail can travel in another one, but not in each language.

    Code: section-missing
    Why: its readers in the other language would get it later than the others, and nobody meant that.
    Way out: write the `merged.html` of the other language, too.
    Wrong:
        # file: email_templates/welcome/hello/en/merged.html
        <p>Welcome</p>
    Right:
        # file: email_templates/welcome/hello/en/merged.html
        <p>Welcome</p>
        # file: email_templates/welcome/hello/ja/merged.html
        <p>ようこそ</p>
    """
    for template in _travelling(workspace).values():
        for locale in sorted(locale for locale, files in template.locales.items() if SECTION_FILE not in files):
            message = f"{template.name} can travel in another mail, but not in {locale}"
            hint = f"write {template.name}/{locale}/{SECTION_FILE}"
            yield template.document.problem([], "section-missing", message, hint=hint, severity="warning")


def losers_have_something_to_say(workspace: Workspace) -> Iterator[Problem]:
    """The budget merges losers of a priority of which no mail can travel in another one.

    Code: merges-nothing
    Why: what cannot travel is put off as with `defer`; whoever wrote `merge` expects something else.
    Way out: give a mail of that priority a `merged.html` in each language, or write `defer`.
    Wrong:
        # file: playbooks/_shared/budgets.yaml
        when_short: {normal: merge}
        # file: email_templates/_layout/en/place.txt
        {{ merged }}
    Right:
        # file: playbooks/_shared/budgets.yaml
        when_short: {normal: defer}
    """
    document, rule = workspace.documents.get("budgets"), workspace.vocabulary.budgets.when_short
    for priority in ("high", "normal", "low") if document else ():
        merges = getattr(rule, priority) == "merge"
        if document and merges and not _travelling(workspace).keys() & _sent(workspace, priority):
            message = f"no mail of {priority} priority has a {SECTION_FILE}, so none travels in another"
            path: list[str | int] = ["when_short", priority]
            yield document.problem(path, "merges-nothing", message, hint="write one, or: defer", severity="warning")


def there_is_a_place_for_losers(workspace: Workspace) -> Iterator[Problem]:
    """The budget merges losers, and no mail has a place for them.

    Code: no-place-for-sections
    Why: what finds no place is put off as with `defer`; whoever wrote `merge` expects something else.
    Way out: show `{{ merged }}` in the mails that may take others along, best in the layout that they share.
    Wrong:
        # file: playbooks/_shared/budgets.yaml
        when_short: {normal: merge}
        # file: email_templates/welcome/hello/en/merged.html
        <p>Welcome</p>
        # file: email_templates/welcome/hello/ja/merged.html
        <p>ようこそ</p>
    Right:
        # file: playbooks/_shared/budgets.yaml
        when_short: {normal: defer}
    """
    document = workspace.documents.get("budgets")
    merges = workspace.vocabulary.budgets.when_short.merges()
    if document and merges and not any(_SHOWN.search(file.text) for file in workspace.sources()):
        message, hint = (
            f"no mail shows {{{{ {SECTION} }}}}",
            f"write {{% if {SECTION} %}}{{{{ {SECTION} }}}}{{% endif %}}",
        )
        yield document.problem(["when_short"], "no-place-for-sections", message, hint=hint, severity="warning")


def _travelling(workspace: Workspace) -> Mapping[str, Template]:
    templates = workspace.templates.items()
    return {key: one for key, one in templates if any(SECTION_FILE in files for files in one.locales.values())}


def _sent(workspace: Workspace, priority: str) -> set[str]:
    """The templates of all mails of playbooks with that priority."""
    playbooks = (file.playbook for file in workspace.playbooks if file.playbook.priority == priority)
    sent = (one for playbook in playbooks for step in walk(playbook.steps) for one in messages_in(step))
    return {name for one in sent if isinstance(one, EmailStep) for name in templates_sent(one)}


MERGE_RULES = (sections_are_complete, losers_have_something_to_say, there_is_a_place_for_losers)
