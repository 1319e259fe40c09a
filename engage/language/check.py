"""Is this workspace fit to go out? One function a rule; each yields what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engage.errors import Problem
from engage.language.law_rules import LAW_RULES
from engage.language.limit_rules import LIMIT_RULES
from engage.language.mail_rules import MAIL_RULES
from engage.language.merge_rules import MERGE_RULES
from engage.language.playbook_rules import PLAYBOOK_RULES
from engage.language.template_rules import TEMPLATE_RULES
from engage.language.vocabulary_rules import VOCABULARY_RULES
from engage.language.word_rules import WORD_RULES
from engage.language.workspace import MISSING_FOLDER, Workspace

Rule = Callable[[Workspace], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    *VOCABULARY_RULES,
    *LIMIT_RULES,
    *MERGE_RULES,
    *WORD_RULES,
    *PLAYBOOK_RULES,
    *TEMPLATE_RULES,
    *MAIL_RULES,
    *LAW_RULES,
)


def check_workspace(workspace: Workspace) -> list[Problem]:
    """Everything wrong or doubtful, in the order of the files; warnings have severity "warning".

    Where a whole folder is missing that alone is said: each file of the other one would be complained of.
    """
    missing = [problem for problem in workspace.problems if problem.code == MISSING_FOLDER]
    if missing:
        return missing
    found = [*workspace.problems, *(problem for rule in RULES for problem in rule(workspace))]
    return sorted(dict.fromkeys(found), key=lambda problem: (problem.file, problem.line, problem.column, problem.code))


def has_errors(problems: list[Problem]) -> bool:
    """Whether something must be put right before it can go out."""
    return any(problem.severity == "error" for problem in problems)
