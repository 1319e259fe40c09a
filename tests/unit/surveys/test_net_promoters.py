"""The net promoter score and its interval."""

from __future__ import annotations

import pytest

from engage.language.questions import Question
from engage.surveys.net_promoters import NetPromoters, net_promoters

TEXT = {"ja": "問", "en": "Question"}


def asked(lowest: int, highest: int) -> Question:
    scale = {"from": lowest, "to": highest, "low": TEXT, "high": TEXT}
    return Question.model_validate({"text": TEXT, "scale": scale})


def test_promoters_less_detractors_in_points() -> None:
    chosen = {"10": 3, "9": 2, "8": 1, "7": 1, "6": 1, "0": 2, "good": 7}  # a choice of an older form counts no more
    assert net_promoters(asked(0, 10), chosen) == NetPromoters(promoters=5, passives=2, detractors=3)
    assert NetPromoters(5, 2, 3).score == 20.0


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((5, 2, 3), (-30.3, 61.1)),
        ((50, 20, 30), (2.65, 36.18)),
        ((1, 0, 0), (-48.5, 98.5)),
        ((0, 0, 0), (-80.0, 80.0)),
        ((400, 0, 0), (98.2, 100.0)),
    ],
)
def test_the_interval_is_wide_where_few_answered(counts: tuple[int, int, int], expected: tuple[float, float]) -> None:
    assert NetPromoters(*counts).interval == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("question", [None, asked(1, 10), asked(0, 5), Question.model_validate(
    {"text": TEXT, "choices": {"yes": {"text": TEXT}, "no": {"text": TEXT}}}
)])  # fmt: skip
def test_only_a_question_from_0_to_10_has_one(question: Question | None) -> None:
    assert net_promoters(question, {"9": 3}) is None
    assert NetPromoters(0, 0, 0).score is None
