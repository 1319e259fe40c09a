"""The whole check before anything goes out: the language's rules, then each template as it will be filled in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from engage.errors import PlaybookError, Problem
from engage.language.check import check_workspace, has_errors
from engage.language.compiling import CompiledTemplate, compile_template
from engage.language.templates import LAYOUT
from engage.language.workspace import Workspace
from engage.messages.proofreading import proofread
from engage.messages.rendering import compiled


def check(workspace: Workspace) -> list[Problem]:
    """Everything wrong or doubtful in a workspace; warnings have severity "warning"."""
    problems = check_workspace(workspace)
    if has_errors(problems):
        return problems
    return [*problems, *proofread_all(workspace)]


def check_templates(workspace: Workspace, names: Collection[str]) -> list[Problem]:
    """What is wrong with some templates and the pieces they share, whatever stands in the playbooks."""
    homes = {Path(workspace.templates[name].document.file).parent.as_posix() + "/" for name in names}
    roots = {home.split("/")[0] for home in homes}
    pieces = {f"{root}/{LAYOUT}/" for root in roots}
    of_templates = check_workspace(replace(workspace, playbooks=()))
    found = [one for one in of_templates if one.file.startswith((*homes, *pieces))]
    if has_errors(found):
        return found
    return [*found, *proofread_all(workspace, names)]


def compile_all(workspace: Workspace) -> list[CompiledTemplate]:
    """Every template in every locale; raises PlaybookError with places."""
    return compiled_of(workspace, workspace.templates)


def compiled_of(workspace: Workspace, names: Collection[str]) -> list[CompiledTemplate]:
    """These templates in every locale."""
    chosen = (workspace.templates[name] for name in names)
    return [compile_template(one, locale, workspace.layout) for one in chosen for locale in one.locales]


def proofread_all(workspace: Workspace, names: Collection[str] | None = None) -> Iterator[Problem]:
    """What is wrong with templates that are sound as texts, once they are filled in."""
    found: dict[Problem, None] = {}
    for made in compiled_of(workspace, workspace.templates if names is None else names):
        try:
            compiled(made)
        except PlaybookError as error:
            yield from error.problems
            continue
        template = workspace.templates[made.name]
        found |= dict.fromkeys(proofread(template, made, workspace.vocabulary, workspace.layout))
    yield from found
