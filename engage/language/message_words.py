"""What stands inside a message to a customer: who says yes first, and who gets a copy."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from engage.language.words import Condition, Length, Recipient, StaffRole, Words


class Approve(Words):
    """Who must say yes before a message goes; absent means: by the account's touch model."""

    mode: Literal["never", "always", "by_exception"] = Field(
        default="always",
        description="never: goes out unasked; always: somebody says yes first; by_exception: only where the words are "
        "new, a fact is missing or the account is not in good standing",
    )
    by: StaffRole | None = Field(default=None, description="who decides; the CSM where nothing is said")
    within: Length | None = Field(default=None, description="how long they have")

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, data: Any) -> Any:
        return {"mode": data} if isinstance(data, str) else data


class CcRule(Words):
    """Somebody who gets a copy, perhaps only under a condition."""

    role: Recipient = Field(description="whom to copy")
    if_: Condition | None = Field(default=None, alias="if", description="only when this holds")

    @model_validator(mode="before")
    @classmethod
    def _from_line(cls, data: Any) -> Any:
        if not isinstance(data, str):
            return data
        role, _, condition = data.partition(" if ")
        return {"role": role.strip()} | ({"if": " " * (len(role) + 4) + condition} if condition else {})
