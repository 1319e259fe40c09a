"""The rules over each playbook, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps

from engage.errors import Problem
from engage.language.answer_rules import (
    answers_are_declared,
    asked_questions_are_declared,
    asking_mails_lead_to_answers,
)
from engage.language.expect_rules import EXPECT_RULES
from engage.language.fact_rules import FACT_RULES
from engage.language.flow_rules import FLOW_RULES
from engage.language.law_rules import purposes_fit_their_topics
from engage.language.message_rules import MESSAGE_RULES
from engage.language.proof_rules import proofs_name_what_exists
from engage.language.purpose_rules import PURPOSE_RULES
from engage.language.reach_rules import REACH_RULES
from engage.language.showing_rules import SHOWING_RULES
from engage.language.trigger_rules import TRIGGER_RULES
from engage.language.wait_rules import WAIT_RULES
from engage.language.word_rules import set_words_are_known
from engage.language.workspace import PlaybookFile, Workspace

PlaybookRule = Callable[[PlaybookFile, Workspace], Iterator[Problem]]


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
            *PURPOSE_RULES,
            *EXPECT_RULES,
            *MESSAGE_RULES,
            purposes_fit_their_topics,
            *FACT_RULES,
            answers_are_declared,
            asked_questions_are_declared,
            asking_mails_lead_to_answers,
            *TRIGGER_RULES,
            *REACH_RULES,
            *FLOW_RULES,
            *WAIT_RULES,
            *SHOWING_RULES,
            set_words_are_known,
            proofs_name_what_exists,
        ),
    )
)
