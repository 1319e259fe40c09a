"""The smallest words of the language as pydantic types: texts, names, durations, conditions."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from engage.language.catalogue import Catalogue, Kind
from engage.language.durations import UNITS, Duration
from engage.language.expressions import Expression, ExpressionError, parse_expression

StaffRole = Literal["ceo", "cs_head", "csm", "sales", "team"]
Sender = StaffRole
Recipient = Literal["contact", "champion", "decision_maker", "sponsor", "admin", "end_user", "billing", "partner"]
Hours = Literal["business", "any"]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*$", max_length=80)]
EventName = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
TemplateName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*(?:/[a-z0-9][a-z0-9_-]*)+$", max_length=120)
]

_ONE_DAY = re.compile(r"""["']?\d{4}-\d{1,2}-\d{1,2}["']?""")


class Words(BaseModel):
    """One mapping of the language: frozen, and every key it does not know is an error."""

    # Built when the first one is read: most commands read none.
    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True, defer_build=True
    )


class Text(Words):
    """A sentence for people, in both languages."""

    ja: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    en: Annotated[str, StringConstraints(min_length=1, max_length=500)]

    def for_locale(self, locale: str) -> str:
        """The text in the locale's language; English where there is none."""
        return self.ja if locale.startswith("ja") else self.en


def _catalogue(info: ValidationInfo) -> Catalogue:
    context = info.context or {}
    return context.get("catalogue") or Catalogue.builtin()


def _duration(value: Any) -> Duration:
    if isinstance(value, Duration):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError(
            "bad-duration", "a length of time is a text such as '3 days', not {value}", {"value": repr(value)}
        )
    try:
        return Duration.parse(value)
    except ValueError as error:
        raise PydanticCustomError("bad-duration", "{reason}", {"reason": str(error)}) from None


def _positive(value: Any) -> Duration:
    duration = _duration(value)
    if duration.amount <= 0:
        raise PydanticCustomError("bad-duration", "{value} must be longer than nothing", {"value": str(duration)})
    return duration


def _exact(value: Any) -> Duration:
    duration = _positive(value)
    if not duration.is_fixed:
        words = "{value} differs from month to month; count in hours, days or weeks"
        raise PydanticCustomError("bad-duration", words, {"value": str(duration)})
    return duration


def _read(value: Any, info: ValidationInfo, wanted: tuple[Kind, ...]) -> Expression:
    if isinstance(value, Expression):
        return value
    text = str(value).lower() if isinstance(value, bool) else value
    if not isinstance(text, str):
        raise PydanticCustomError("bad-expression", "an expression is a text, not {value}", {"value": repr(value)})
    try:
        return parse_expression(text, _catalogue(info), wanted=wanted)
    except ExpressionError as error:
        context = {"reason": error.message, "offset": error.offset, "hint": error.hint or ""}
        raise PydanticCustomError(error.code, "{reason}", context) from None


def _condition(value: Any, info: ValidationInfo) -> Expression:
    return _read(value, info, ("bool", "any"))


def _said(value: Any, info: ValidationInfo) -> Expression:
    return _read(value, info, ("text", "any"))


def _moment(value: Any, info: ValidationInfo) -> Expression:
    if isinstance(value, str) and _ONE_DAY.fullmatch(value.strip()):
        hint = "name a date fact, such as contract.ends_on; for one day for all: trigger: {once: …}"
        context = {"day": value.strip(), "offset": 0, "hint": hint}
        raise PydanticCustomError("wrong-type", "{day} is the same day for all; here each customer has one", context)
    return _read(value, info, ("date", "instant", "any"))


_DURATION_SCHEMA = {
    "type": "string",
    "pattern": r"^[+-]?\d+ (minute|hour|(business )?day|week|month)s?$",
    "description": "a number and a unit: " + ", ".join(UNITS),
}
Length = Annotated[Duration, PlainValidator(_positive), PlainSerializer(str), WithJsonSchema(_DURATION_SCHEMA)]
ExactLength = Annotated[Duration, PlainValidator(_exact), PlainSerializer(str), WithJsonSchema(_DURATION_SCHEMA)]
Offset = Annotated[Duration, PlainValidator(_duration), PlainSerializer(str), WithJsonSchema(_DURATION_SCHEMA)]
Condition = Annotated[
    Expression,
    PlainValidator(_condition),
    PlainSerializer(lambda expression: expression.text),
    WithJsonSchema(
        {"type": ["string", "boolean"], "description": 'a condition over facts, such as account.phase == "adoption"'}
    ),
]
Moment = Annotated[
    Expression,
    PlainValidator(_moment),
    PlainSerializer(lambda expression: expression.text),
    WithJsonSchema({"type": "string", "description": "a date fact or earliest(…)/latest(…) of several"}),
]
Said = Annotated[
    Expression,
    PlainValidator(_said),
    PlainSerializer(lambda expression: expression.text),
    WithJsonSchema({"type": "string", "description": "a text fact"}),
]
Names = Annotated[tuple[EventName, ...], Field(min_length=1)]
