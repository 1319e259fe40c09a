"""What makes a subject enter a playbook."""

from __future__ import annotations

import re
from datetime import date as day
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

from engage.calendars.wall_moments import WallMoment
from engage.language.expressions import Expression
from engage.language.words import Condition, EventName, Length, Moment, Offset, Words, _catalogue, _moment

FISCAL_QUARTER = "fiscal_quarter"
CALENDAR = "calendar"
_LIKE_A_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _anchor(value: Any, info: ValidationInfo) -> Expression | day | str:
    if isinstance(value, day):
        return value
    if value in (FISCAL_QUARTER, CALENDAR):
        return str(value)
    if not isinstance(value, str) or not _LIKE_A_DATE.fullmatch(value):
        return _moment(value, info)
    try:
        return day.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("impossible-date", "{value} is no date", {"value": value}) from None


def _since(value: Any, info: ValidationInfo) -> Expression | str:
    """A date fact where the catalogue knows one of that name, else the name of an event."""
    if isinstance(value, str) and "(" not in value and _catalogue(info).kind(value.strip()) is None:
        return value.strip()
    return _moment(value, info)


def _as_written(value: Expression | day | str) -> str:
    return value.text if isinstance(value, Expression) else str(value)


Anchor = Annotated[
    Expression | day | Literal["fiscal_quarter", "calendar"],
    PlainValidator(_anchor),
    PlainSerializer(_as_written),
    WithJsonSchema({"type": "string", "description": "a date fact, a date, fiscal_quarter or calendar"}),
]
Since = Annotated[
    Expression | str,
    PlainValidator(_since),
    PlainSerializer(_as_written),
    WithJsonSchema({"type": "string", "description": "the name of an event, or a date fact"}),
]


def _one_moment(value: Any) -> WallMoment:
    if isinstance(value, WallMoment):
        return value
    try:
        return WallMoment.parse(str(value))
    except ValueError as error:
        raise PydanticCustomError("bad-moment", "{reason}", {"reason": str(error)}) from None


OneMoment = Annotated[
    WallMoment,
    PlainValidator(_one_moment),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d\d-\d\d \d?\d:\d\d( [A-Za-z][\w+/-]*)?$"}),
]


class IfLate(Words):
    """What to do when the day, or the event, has long passed when we learn of it."""

    within: Length = Field(description="start at once when no later than this; the grace is 3 days without if_late")
    else_: Literal["task", "skip"] = Field(
        default="skip", alias="else", description="beyond that: a task for the CSM, or nothing"
    )


class EventTrigger(Words):
    """Enter when an event of this name comes."""

    event: EventName = Field(description="the name of the event")
    if_: Condition | None = Field(
        default=None, alias="if", description="a condition over the event's properties (event.properties.…)"
    )
    if_late: IfLate | None = Field(default=None, description="what to do when we learn of the event long after it")


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
    anchor: Anchor = Field(
        description="what the periods are counted from: a date fact, a date (which counts itself), fiscal_quarter,"
        " or calendar (from 1 January; weeks from Monday)"
    )


class AbsentTrigger(Words):
    """Enter when an expected event has not come in time."""

    absent: EventName = Field(description="the event that is expected")
    within: Length = Field(description="how long we wait for it")
    since: Since = Field(description="counted from this event or date fact")


class BecomesTrigger(Words):
    """Enter when a condition turns true, perhaps only after it has held for a while."""

    becomes: Condition = Field(description="the condition; one that was true, turned false and turns true counts anew")
    for_: Length | None = Field(default=None, alias="for", description="how long it must hold without a break")
    already: Literal["skip", "enter"] = Field(
        default="skip", description="those for whom it holds already when the condition is first published"
    )


class OnceTrigger(Words):
    """Enter once, everybody whom the audience takes in at that moment: a broadcast."""

    once: OneMoment = Field(
        description="the moment, such as `2027-12-20 10:00` on each customer's clock, or with a zone: the same for all"
    )
    if_late: IfLate | None = Field(default=None, description="what to do when the moment passed and nobody could work")
    ask_ahead: bool = Field(
        default=False,
        description="where colleagues are asked, they are asked as many open days ahead as they may take",
    )


class ManualTrigger(Words):
    """Enter when a colleague says so: `engage playbooks start`."""

    manual: Literal[True] = Field(description="`trigger: manual` is short for it")

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, data: Any) -> Any:
        return {"manual": True} if data == "manual" else data


def _kind_of_trigger(data: Any) -> str | None:
    if data == "manual":
        return "trigger:manual"
    for kind, model in TRIGGERS.items():
        if isinstance(data, model) or (isinstance(data, dict) and kind in data):
            return f"trigger:{kind}"
    return None


TRIGGERS: dict[str, type[Words]] = {
    "event": EventTrigger,
    "date": DateTrigger,
    "every": EveryTrigger,
    "absent": AbsentTrigger,
    "becomes": BecomesTrigger,
    "manual": ManualTrigger,
    "once": OnceTrigger,
}
Trigger = Annotated[
    Annotated[EventTrigger, Tag("trigger:event")]
    | Annotated[DateTrigger, Tag("trigger:date")]
    | Annotated[EveryTrigger, Tag("trigger:every")]
    | Annotated[AbsentTrigger, Tag("trigger:absent")]
    | Annotated[BecomesTrigger, Tag("trigger:becomes")]
    | Annotated[ManualTrigger, Tag("trigger:manual")]
    | Annotated[OnceTrigger, Tag("trigger:once")],
    Discriminator(_kind_of_trigger, custom_error_type="no-kind", custom_error_message="no kind of trigger"),
]
