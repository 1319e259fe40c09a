"""What every step may carry."""

from __future__ import annotations

from pydantic import Field

from engage.language.words import Condition, Key, Words


class Step(Words):
    """What every step may carry."""

    id: Key = Field(
        default="",
        validate_default=False,
        description="a name for reports and conditions; made from the step where absent",
    )
    if_: Condition | None = Field(default=None, alias="if", description="pass over the step unless this holds")
