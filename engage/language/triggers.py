"""What makes a subject enter a playbook."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from engage.language.expressions import Expression
from engage.language.words import Condition, EventName, Length, Moment, Offset, Words, _catalogue, _moment

FISCAL_QUARTER = "fiscal_quarter"


def _anchor(value: Any, info: ValidationInfo) -> Expression | str:
    return FISCAL_QUARTER if value == FISCAL_QUARTER else _moment(value, info)


def _since(value: Any, info: ValidationInfo) -> Expression | str:
    """A date fact where the catalogue knows one of that name, else the name of an event."""
    if isinstance(value, str) and "(" not in value and _catalogue(info).kind(value.strip()) is None:
        return value.strip()
    return _moment(value, info)


def _as_written(value: Expression | str) -> str:
    return value.text if isinstance(value, Expression) else value


Anchor = Annotated[
    Expression | Literal["fiscal_quarter"],
    PlainValidator(_anchor),
    PlainSerializer(_as_written),
    WithJsonSchema({"type": "string", "description": "a date fact, or fiscal_quarter"}),
]
Since = Annotated[
    Expression | str,
    PlainValidator(_since),
    PlainSerializer(_as_written),
    WithJsonSchema({"type": "string", "description": "the name of an event, or a date fact"}),
]


class EventTrigger(Words):
    """Enter when an event of this name comes."""

    event: EventName = Field(description="the name of the event")
    if_: Condition | None = Field(
        default=None, alias="if", description="a condition over the event's properties (event.properties.…)"
    )


class IfLate(Words):
    """What to do when the day has already passed when we learn of it."""

    within: Length = Field(description="start at once when no later than this; the grace is 3 days without if_late")
    else_: Literal["task", "skip"] = Field(
        default="skip", alias="else", description="beyond that: a task for the CSM, or nothing"
    )


class DateTrigger(Words):
    """Enter at a date of the customer, or some days before or after it."""

    date: Moment = Field(description="a date fact, or earliest(…)/latest(…) of several")
    offset: Offset | None = Field(
        default=None, description="days from the date; a closed day rolls forward to the next open one"
    )
    latest: Offset | None = Field(
        default=None, description="days from the date; rolls back to an open day and leaves room for approval"
    )
    if_late: IfLate | None = Field(default=None, description="what to do when the day passed before we learned of it")
    on_anchor_change: Literal["rearm", "ignore", "task"] = Field(
        default="task", description="when the date moves after a message went out"
    )

    @model_validator(mode="after")
    def _one_distance(self) -> DateTrigger:
        if self.offset is not None and self.latest is not None:
            raise PydanticCustomError("offset-or-latest", "a date trigger has 'offset' or 'latest', not both")
        return self


class EveryTrigger(Words):
    """Enter again and again, counted from a date."""

    every: Length = Field(description="the period, such as 3 months")
    anchor: Anchor = Field(description="the date fact that the periods are counted from, or fiscal_quarter")


class AbsentTrigger(Words):
    """Enter when an expected event has not come in time."""

    absent: EventName = Field(description="the event that is expected")
    within: Length = Field(description="how long we wait for it")
    since: Since = Field(description="counted from this event or date fact")


def _kind_of_trigger(data: Any) -> str | None:
    for kind, model in TRIGGERS.items():
        if isinstance(data, model) or (isinstance(data, dict) and kind in data):
            return f"trigger:{kind}"
    return None


TRIGGERS: dict[str, type[Words]] = {
    "event": EventTrigger,
    "date": DateTrigger,
    "every": EveryTrigger,
    "absent": AbsentTrigger,
}
Trigger = Annotated[
    Annotated[EventTrigger, Tag("trigger:event")]
    | Annotated[DateTrigger, Tag("trigger:date")]
    | Annotated[EveryTrigger, Tag("trigger:every")]
    | Annotated[AbsentTrigger, Tag("trigger:absent")],
    Discriminator(_kind_of_trigger, custom_error_type="no-kind", custom_error_message="no kind of trigger"),
]
