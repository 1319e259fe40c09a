"""Who is asked before a message goes: by the touch model, by the step, always or by exception."""

from __future__ import annotations

from typing import Any

import pytest

from engage.journeys.addressing import approval_of
from engage.journeys.surroundings import DEFAULT_APPROVAL, Surroundings
from engage.language.durations import Duration
from engage.language.spec import EmailStep
from engage.language.vocabulary import Vocabulary
from engage.messages.orders import ApprovalRule

VOCABULARY = Vocabulary.model_validate(
    {
        "touch_models": {
            "high": {"approve": "always", "by": "cs_head", "within": "1 day"},
            "mid": {"approve": "by_exception", "good_standing": 'account.phase != "churned"'},
            "low": {"approve": "never", "good_standing": "account.is_test"},
        }
    }
)
A_DAY = Duration(1, "days")


@pytest.mark.parametrize(
    ("model", "approve", "expected"),
    [
        ("high", None, ApprovalRule("cs_head", A_DAY)),
        ("mid", None, ApprovalRule("csm", DEFAULT_APPROVAL, good_standing=True)),
        ("low", None, None),
        (None, None, None),
        ("mid", "never", None),
        ("mid", "always", ApprovalRule("csm", DEFAULT_APPROVAL)),
        ("high", "by_exception", ApprovalRule("csm", A_DAY, good_standing=False)),
        ("low", "by_exception", ApprovalRule("csm", DEFAULT_APPROVAL, good_standing=False)),
        ("low", {"mode": "by_exception", "by": "sales"}, ApprovalRule("sales", DEFAULT_APPROVAL, good_standing=False)),
    ],
)
def test_who_is_asked(model: str | None, approve: Any, expected: ApprovalRule | None) -> None:
    said = {"email": "greeting/hello", "id": "hello"} | ({"approve": approve} if approve else {})
    facts = {"account": {"touch_model": model, "phase": "adoption", "is_test": False}}
    assert approval_of(EmailStep.model_validate(said), facts, Surroundings(VOCABULARY)) == expected
