"""How a message in the product is shown: where, on which pages, how often, for how long, and what if nobody sees it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from engage.language.budgets import Priority
from engage.language.durations import Duration
from engage.language.expressions import Expression
from engage.language.words import Length, Sender, TemplateName, Words, _exact, _moment

Display = Literal["feed", "banner", "modal"]
Frequency = Literal["once", "until_dismissed", "always"]
_BEGINS_LIKE_A_LENGTH = re.compile(r"\s*[+-]?\d+\s")
_SHOWN_OVER_A_PAGE = ("pages", "frequency")


def _expiry(value: Any, info: ValidationInfo) -> Expression | Duration:
    if isinstance(value, Duration) or (isinstance(value, str) and _BEGINS_LIKE_A_LENGTH.match(value)):
        return _exact(value)
    return _moment(value, info)


Expiry = Annotated[
    Expression | Duration,
    PlainValidator(_expiry),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "description": "a length of time, such as 14 days, or a date fact"}),
]
PagePattern = Annotated[str, StringConstraints(pattern=r"^/[^\s?#]*$", max_length=200)]


class UnlessSeen(Words):
    """The mail to whoever has not seen the message in the product in time."""

    within: Length = Field(description="how long we wait for its reader to see it, counted from when it was shown")
    email: TemplateName = Field(description="the template of the mail; it goes to the same reader")
    from_: tuple[Sender, ...] | None = Field(
        default=None, alias="from", description="the first of these that exists signs it"
    )

    @field_validator("from_", mode="before")
    @classmethod
    def _one_or_several(cls, data: Any) -> Any:
        return [data] if isinstance(data, str) else data


class Showing(Words):
    """How a message in the product is shown."""

    display: Display = Field(default="feed", description="in the list behind the bell, or over the page")
    pages: tuple[PagePattern, ...] = Field(
        default=(),
        description="only on these pages: paths of the product, where `*` stands for anything; on all if none",
    )
    frequency: Frequency = Field(
        default="until_dismissed",
        description="a banner or modal comes once, until dismissed, or always: again in each session until it expires",
    )
    priority: Priority = Field(
        default="normal", description="which banner or modal comes first; high also right after another was closed"
    )
    expires: Expiry | None = Field(
        default=None, description="how long it is shown, or the last day; 90 days where nothing is said"
    )
    unless_seen: UnlessSeen | None = Field(default=None, description="the mail to whoever has not seen it in time")

    @field_validator("pages", mode="before")
    @classmethod
    def _one_page_or_several(cls, data: Any) -> Any:
        return [data] if isinstance(data, str) else data

    @model_validator(mode="after")
    def _fits_where_it_is_shown(self) -> Showing:
        said = [word for word in _SHOWN_OVER_A_PAGE if word in self.model_fields_set]
        if self.display == "feed" and said:
            words = "'{word}' belongs to what is shown over a page"
            raise PydanticCustomError(
                "bad-showing", words, {"word": said[0], "hint": "add display: banner, or display: modal"}
            )
        if self.display == "modal" and self.frequency == "always":
            words = "a modal that comes again after it was closed keeps people from their work"
            raise PydanticCustomError("bad-showing", words, {"hint": "write frequency: until_dismissed, or a banner"})
        return self
