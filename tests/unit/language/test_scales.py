"""Questions with a scale, and choices that say yes to a topic of mail."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from engage.language.questions import Question, answer_facts

_ENDS = {"low": {"ja": "低い", "en": "low"}, "high": {"ja": "高い", "en": "high"}}


def asked(**said: Any) -> Question:
    return Question.model_validate({"text": {"ja": "点数", "en": "Score"}, **said})


def test_the_numbers_of_a_scale_are_its_choices_and_it_survives_being_stored() -> None:
    nps = asked(scale={"from": 0, "to": 10, **_ENDS})
    assert list(nps.choices) == [str(number) for number in range(11)]
    assert Question.model_validate(nps.model_dump(mode="json")) == nps


def test_only_a_scale_makes_a_score() -> None:
    plain = {"a": {"text": {"ja": "あ", "en": "A"}}, "b": {"text": {"ja": "い", "en": "B"}}}
    known = answer_facts({"nps": asked(scale=_ENDS), "plan": asked(choices=plain)})
    assert (known["answers.nps_score"], known["answers.nps"]) == ("number", "text")
    assert "answers.plan_score" not in known


@pytest.mark.parametrize("said", [{}, {"scale": {"to": 11, **_ENDS}}, {"scale": _ENDS, "choices": {"a": {}, "b": {}}}])
def test_a_question_has_a_scale_or_choices(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        asked(**said)
