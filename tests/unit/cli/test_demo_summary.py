"""The demo's summary says reasons as a person would."""

from __future__ import annotations

import pytest

from engage.cli.demo.summary import decision_in_words, reason_in_words
from engage.messages.policy.verdicts import WORDS


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("facts_missing: goal.text, goal.as_of", "waits for facts that are missing: goal text, goal as of"),
        ("closed_hours", "waiting for the recipient's business hours"),
        ("goal", "the goal was reached before"),
        ("something_new", "something new"),
    ],
)
def test_a_reason_is_said_in_words(reason: str, words: str) -> None:
    assert reason_in_words(reason) == words


@pytest.mark.parametrize("reason", WORDS)
def test_every_reason_of_the_gate_has_words(reason: str) -> None:
    assert "_" not in reason_in_words(reason)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("approved", "approved by the CSM"),
        ("pending", "the CSM is asked"),
        ("withdrawn", "the CSM is asked no longer"),
        ("expired", "the CSM is asked no longer"),
    ],
)
def test_what_nobody_decided_is_laid_at_nobodys_door(state: str, words: str) -> None:
    assert decision_in_words(state, "the CSM") == words
