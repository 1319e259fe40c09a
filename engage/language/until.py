"""How long a wait lasts: until a date of the customer, or until a clock there shows a time."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from engage.calendars.wall_times import WallTime
from engage.language.expressions import Expression
from engage.language.words import _moment

_ENDS_LIKE_A_TIME = re.compile(r"\d:\d{1,2}\s*$")


def _until(value: Any, info: ValidationInfo) -> Expression | WallTime:
    if isinstance(value, WallTime):
        return value
    if not isinstance(value, str) or not _ENDS_LIKE_A_TIME.search(value):
        return _moment(value, info)
    try:
        return WallTime.parse(value)
    except ValueError as error:
        raise PydanticCustomError("bad-time", "{reason}", {"reason": str(error)}) from None


Until = Annotated[
    Expression | WallTime,
    PlainValidator(_until),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "description": "a date fact, or a time such as tuesday 10:00, open day 9:30"}),
]
