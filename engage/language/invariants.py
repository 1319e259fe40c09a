"""`never:` of a playbook: sentences about what must not happen, each of a known form."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any, Literal, cast, get_args

from pydantic import PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from engage.language.catalogue import Catalogue
from engage.language.durations import Duration
from engage.language.expressions import Expression, ExpressionError, parse_expression
from engage.language.words import Recipient, _catalogue

What = Literal["messages", "emails", "in_app", "tasks"]
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}


@dataclass(frozen=True, slots=True)
class TooManyWithin:
    """So many within a time."""

    what: What
    count: int
    per: Literal["account", "contact"]
    within: Duration


@dataclass(frozen=True, slots=True)
class TooManyPerRun:
    """More than so many in one run."""

    what: What
    most: int


@dataclass(frozen=True, slots=True)
class OnWrongSide:
    """One after an event, or before it has come."""

    what: What
    side: Literal["after", "before"]
    event: str


@dataclass(frozen=True, slots=True)
class Unwanted:
    """One to somebody of a role, or while a condition holds, or both."""

    what: What
    role: Recipient | None = None
    condition: Expression | None = None


@dataclass(frozen=True, slots=True)
class AtWrongHour:
    """One outside these hours where the recipient is; without hours: on a closed day."""

    what: What
    opens: time | None = None
    closes: time | None = None


@dataclass(frozen=True, slots=True)
class SameAgain:
    """The same mail to the same person again, perhaps only within a time."""

    within: Duration | None = None


@dataclass(frozen=True, slots=True)
class WithoutFormer:
    """A step's message although the one of another step was not sent; no steps: any reminder and what it reminds of."""

    step: str | None = None
    former: str | None = None


@dataclass(frozen=True, slots=True)
class RunTooLong:
    """A run that lasts longer."""

    length: Duration


Rule = TooManyWithin | TooManyPerRun | OnWrongSide | Unwanted | AtWrongHour | SameAgain | WithoutFormer | RunTooLong


@dataclass(frozen=True, slots=True)
class Invariant:
    """One sentence of `never:` and what it means."""

    text: str
    rule: Rule

    def __str__(self) -> str:
        return self.text


_WHAT = r"(customer messages?|messages?|e?mails?|in-app messages?|tasks?)"
_NUMBER = r"(\d{1,2}|" + "|".join(_NUMBERS) + ")"
_LENGTH = r"(\d+ (?:business )?(?:minute|hour|day|week|month)s?)"
_HOURS = r"(\d\d?:\d\d)\s*\.\.\s*(\d\d?:\d\d)"
_STEP = r"([a-z][a-z0-9_-]*)"
_ROLE = "(" + "|".join(get_args(Recipient)) + ")"


def _what(word: str) -> What:
    if "in-app" in word:
        return "in_app"
    return "tasks" if word.startswith("task") else "messages" if "message" in word else "emails"


def _count(word: str) -> int:
    return _NUMBERS.get(word) or int(word)


def _unwanted(catalogue: Catalogue, what: str, role: str | None, condition: str | None) -> Rule:
    read = parse_expression(condition, catalogue, wanted=("bool", "any")) if condition else None
    return Unwanted(_what(what), cast("Recipient | None", role), read)


def _outside(catalogue: Catalogue, what: str, opens: str, closes: str) -> Rule:
    first, last = (time.fromisoformat(one.zfill(5)) for one in (opens, closes))
    if not first < last:
        raise ValueError("the hours end before they begin")
    return AtWrongHour(_what(what), first, last)


def _within(catalogue: Catalogue, count: str, what: str, per: str, within: str) -> Rule:
    if _count(count) < 2:
        raise ValueError("one is never too many; write two or more, or: any message …")
    return TooManyWithin(_what(what), _count(count), cast("Literal['account', 'contact']", per), Duration.parse(within))


# Each form as it is told in the reference, its shape, and what it is read into.
FORMS: tuple[tuple[str, str, Callable[..., Rule]], ...] = (
    (
        "two emails to one account within 72 hours",
        rf"{_NUMBER} {_WHAT} to one (account|contact) within {_LENGTH}",
        _within,
    ),
    (
        "more than 3 emails per run",
        rf"more than {_NUMBER} {_WHAT} per run",
        lambda _, count, what: TooManyPerRun(_what(what), _count(count)),
    ),
    (
        "any message after contract.cancelled",
        rf"any {_WHAT} (after|before) (\S+)",
        lambda _, what, side, event: OnWrongSide(_what(what), side, event),
    ),
    (
        "any message while account.dispute_open == true",
        rf"any {_WHAT}(?: to {_ROLE})? while (.+)",
        _unwanted,
    ),
    ("any email to partner", rf"any {_WHAT} to {_ROLE}", lambda known, what, role: _unwanted(known, what, role, None)),
    ("any message outside 08:00..19:00", rf"any {_WHAT} outside {_HOURS}", _outside),
    ("any message on a closed day", rf"any {_WHAT} on a closed day", lambda _, what: AtWrongHour(_what(what))),
    (
        "the same email twice to one contact within 30 days",
        rf"the same e?mail twice to one contact(?: within {_LENGTH})?",
        lambda _, within: SameAgain(Duration.parse(within) if within else None),
    ),
    ("a reminder of a mail that was not sent", r"a reminder of a mail that was not sent", lambda _: WithoutFormer()),
    ("reminder without value", rf"{_STEP} without {_STEP}", lambda _, step, former: WithoutFormer(step, former)),
    (
        "a run longer than 240 days",
        rf"a run longer than {_LENGTH}",
        lambda _, length: RunTooLong(Duration.parse(length)),
    ),
)


def read_invariant(text: str, catalogue: Catalogue) -> Invariant:
    """The sentence with its meaning; raises ValueError with the forms that there are."""
    said = " ".join(text.split())
    for _, shape, make in FORMS:
        found = re.fullmatch(shape, said)
        if found is not None:
            return Invariant(said, make(catalogue, *found.groups()))
    raise ValueError(
        f"{said!r} is no sentence that can be checked; write it like: " + "; ".join(form for form, *_ in FORMS)
    )


def _read(value: Any, info: ValidationInfo) -> Invariant:
    if isinstance(value, Invariant):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("bad-invariant", "a sentence is needed here")
    try:
        return read_invariant(value, _catalogue(info))
    except ExpressionError as error:
        context = {"reason": error.message, "hint": error.hint or ""}
        context["offset"] = value.find(" while ") + len(" while ") + error.offset  # type: ignore[assignment]
        raise PydanticCustomError(error.code, "{reason}", context) from None
    except ValueError as error:
        raise PydanticCustomError("bad-invariant", "{reason}", {"reason": str(error)}) from None


Never = Annotated[
    Invariant,
    PlainValidator(_read),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "description": "a sentence such as: two emails to one account within 72 hours"}),
]
