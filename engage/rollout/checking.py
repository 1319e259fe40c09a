"""The whole check before anything goes out: the language's rules, then each template as it will be filled in."""

from __future__ import annotations

from engage.errors import PlaybookError, Problem
from engage.language.check import check_workspace, has_errors
from engage.language.compiling import CompiledTemplate, compile_template
from engage.language.workspace import Workspace
from engage.messages.rendering import compiled


def check(workspace: Workspace) -> list[Problem]:
    """Everything wrong or doubtful in a workspace; warnings have severity "warning"."""
    problems = check_workspace(workspace)
    if has_errors(problems):
        return problems
    return problems + [problem for template in compile_all(workspace) for problem in _unfillable(template)]


def compile_all(workspace: Workspace) -> list[CompiledTemplate]:
    """Every template in every locale; raises PlaybookError with places."""
    return [
        compile_template(template, locale, workspace.layout)
        for template in workspace.templates.values()
        for locale in template.locales
    ]


def _unfillable(template: CompiledTemplate) -> tuple[Problem, ...]:
    try:
        compiled(template)
    except PlaybookError as error:
        return error.problems
    return ()
