"""Shares of a split: "50%", "33.4%"."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

EVERYTHING = Decimal(100)
_SHAPE = re.compile(r"(\d{1,3}(?:\.\d)?)\s*%")


def _share(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    found = _SHAPE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or not 0 < Decimal(found[1]) <= EVERYTHING:
        raise PydanticCustomError(
            "bad-share", "a share is written as 50% or 33.4%, not {value}", {"value": repr(value)}
        )
    return Decimal(found[1])


Share = Annotated[
    Decimal,
    PlainValidator(_share),
    PlainSerializer(lambda share: f"{share}%", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,3}(\.\d)?%$", "description": "such as 50%"}),
]
