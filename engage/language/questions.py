"""Questions that customers answer with one click, as `_shared/questions.yaml` declares them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from engage.language.catalogue import Kind
from engage.language.durations import Duration
from engage.language.words import Key, Length, Text, Words

# These become names in templates and conditions: {{ answer_url.renewal_intent.going_on }}, answers.renewal_intent.
QuestionKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=60)]
ChoiceKey = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=60)]
QUESTION = "question"
"""What a mail of an `ask` step knows of its question: question.text, question.note, question.choices."""
ANSWERED = "answered"
"""The event by which an answer is told."""
DATE, AT, SCORE = "_date", "_at", "_score"
"""What is put after a question's name for the date that was answered, for when the answer came, and for the number."""
HIGHEST = 10


class Choice(Words):
    """One answer that may be given."""

    text: Text = Field(description="the answer, as the customer reads it")
    date: Text | None = Field(default=None, description="asks for a date, too; says which; it may be left empty")
    thanks: Text | None = Field(default=None, description="what happens next, said when it was chosen")
    agrees_to: Key | None = Field(default=None, description="a topic of mail that whoever chooses this agrees to")


class Scale(Words):
    """Numbers to choose from, with what the two ends mean."""

    from_: int = Field(default=0, alias="from", ge=0, le=1, description="the lowest number, 0 or 1")
    to: int = Field(default=HIGHEST, ge=2, le=HIGHEST, description="the highest number, at most 10")
    low: Text = Field(description="what the lowest number means")
    high: Text = Field(description="what the highest number means")

    def numbers(self) -> tuple[str, ...]:
        """Every number as the name of its choice."""
        return tuple(str(number) for number in range(self.from_, self.to + 1))


class Question(Words):
    """One question with the answers that may be given."""

    text: Text = Field(description="the question, as the customer reads it")
    note: Text | None = Field(default=None, description="what an answer does and does not mean")
    open_for: Length = Field(
        default=Duration(90, "days"), description="how long after the message an answer is taken", validate_default=True
    )
    counts_for: Length | None = Field(
        default=None, description="how long an answer counts as a fact; always, where absent"
    )
    thanks: Text | None = Field(default=None, description="what happens next, where the choice itself says nothing")
    scale: Scale | None = Field(default=None, description="numbers in place of choices: `{from, to, low, high}`")
    choices: dict[ChoiceKey, Choice] = Field(
        default={},
        validate_default=True,
        description="two answers or more by name, in the order shown; made from the scale where there is one",
    )

    @model_validator(mode="before")
    @classmethod
    def _numbers_are_choices(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not data.get("scale"):
            return data
        numbers = {name: {"text": {"ja": name, "en": name}} for name in Scale.model_validate(data["scale"]).numbers()}
        if data.get("choices") and set(data["choices"]) != set(numbers):
            raise PydanticCustomError("scale-or-choices", "a question has a scale or choices, not both")
        return data | {"choices": numbers}

    @field_validator("choices")
    @classmethod
    def _a_real_choice(cls, choices: dict[str, Choice]) -> dict[str, Choice]:
        if len(choices) < 2:
            raise PydanticCustomError("few-choices", "a question has two choices or more")
        return choices


Questions = dict[QuestionKey, Question]


def answer_facts(questions: Questions) -> dict[str, Kind]:
    """The facts that the answers become, with their types."""
    kinds: dict[str, Kind] = {"": "text", DATE: "date", AT: "instant"}
    facts = {f"answers.{key}{suffix}": kind for key in questions for suffix, kind in kinds.items()}
    scores: dict[str, Kind] = {f"answers.{key}{SCORE}": "number" for key, one in questions.items() if one.scale}
    return facts | scores


def question_facts(questions: Questions, key: str, locale: str) -> dict[str, Any]:
    """The question in the reader's language, as `question.…`; its key alone where nobody declares it any more."""
    question = questions.get(key)
    if question is None:
        return {"key": key}
    choices = [{"key": name, "text": choice.text.for_locale(locale)} for name, choice in question.choices.items()]
    said = {"key": key, "text": question.text.for_locale(locale), "choices": choices}
    return said | ({"note": question.note.for_locale(locale)} if question.note else {})
