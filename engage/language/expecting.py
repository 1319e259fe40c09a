"""What a playbook is to move, and when somebody looks whether it did."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from engage.language.durations import Duration
from engage.language.shares import Share
from engage.language.words import EventName, ExactLength, Words

Metric = Literal["goal", "renewal_rate"]
RENEWAL_WORDS = ("contract.renewed", "contract.ended", "contract.cancelled")
"""The events by which it is known what became of a contract; the newest one holds."""


class Expect(Words):
    """What the playbook is to move, when somebody looks, and what follows if it moved nothing."""

    metric: Metric | None = Field(
        default=None,
        description="the share that reaches the goal (`goal: {event: …}`), or of the contracts that were renewed, "
        "ended or cancelled the share that was renewed",
    )
    event: EventName | None = Field(default=None, description="or the share at which this event comes")
    look_after: ExactLength = Field(
        description="how long after it came in each account is judged; the first look is that long after the first one"
    )
    at_least: Share = Field(
        default=Decimal(5),
        description="the smallest difference that is worth it, in points; 5% where nothing is said",
    )
    since: date | None = Field(
        default=None, description="leaves out who came in before this day (UTC), as after a change of the words"
    )
    stop_if: Literal["no_effect"] | None = Field(
        default=None,
        description="pauses the playbook when a look finds no effect worth it, or a bad one; a task says so",
    )

    @model_validator(mode="after")
    def _one_measure(self) -> Expect:
        if (self.metric is None) == (self.event is None):
            raise PydanticCustomError("one-measure", "say 'metric' or 'event', one of them")
        return self


def window_of(expect: Expect, within: Duration | None) -> Duration:
    """How long after it came in an account's sign counts: the goal's own time where that ends before the look."""
    if expect.metric == "goal" and within is not None and within.roughly < expect.look_after.delta:
        return within
    return expect.look_after
