"""Whom a message is for: the first role that somebody has, or everybody who has one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from engage.language.words import Recipient, TemplateName, Words

MOST_AT_ONCE = 50


class Addressee(Words):
    """One role that may get the message, perhaps in words of its own."""

    role: Recipient = Field(description="who gets it when nobody before was found")
    template: TemplateName | None = Field(default=None, description="the template for this role; the step's otherwise")

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, data: Any) -> Any:
        return {"role": data} if isinstance(data, str) else data


class Everybody(Words):
    """Everybody who has one of these roles; each person gets a message of their own."""

    all: tuple[Recipient, ...] = Field(min_length=1, description="the roles; people stand in their order")
    max: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = Field(
        default=MOST_AT_ONCE, description="how many people get it at most; who gets none gives place to the next"
    )


def _kind_of_to(data: Any) -> str:
    several = isinstance(data, Everybody) or (isinstance(data, dict) and "role" not in data)
    return "to:all" if several else "to:first"


To = Annotated[
    Annotated[tuple[Addressee, ...], Tag("to:first")] | Annotated[Everybody, Tag("to:all")],
    Discriminator(_kind_of_to),
]
KINDS: dict[str, Any] = {"first": Addressee, "all": Everybody}


def as_list(data: Any) -> Any:
    """One role stands for a list of one."""
    one_rule = isinstance(data, dict) and "role" in data
    return [data] if isinstance(data, str) or one_rule else data


def roles_of(to: tuple[Addressee, ...] | Everybody) -> tuple[Recipient, ...]:
    """The roles in the order asked."""
    return to.all if isinstance(to, Everybody) else tuple(one.role for one in to)


def templates_of(to: tuple[Addressee, ...] | Everybody | None) -> Iterator[str]:
    """The templates that stand beside roles."""
    if isinstance(to, tuple):
        yield from (one.template for one in to if one.template is not None)
