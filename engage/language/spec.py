"""A playbook as its author writes it: the one truth for reading, the JSON Schema and the reference."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from engage.language.durations import Duration
from engage.language.expressions import Expression
from engage.language.naming import with_ids
from engage.language.steps import (
    AnyStep,
    Approve,
    CcRule,
    ChooseStep,
    EmailStep,
    InAppStep,
    MessageStep,
    TaskStep,
    TaskWork,
    WaitStep,
    kind_of,
    walk,
)
from engage.language.triggers import AbsentTrigger, DateTrigger, EventTrigger, EveryTrigger, IfLate, Trigger
from engage.language.words import Condition, EventName, Hours, Key, Length, Recipient, Sender, Text, Words

__all__ = [
    "AbsentTrigger",
    "AnyStep",
    "Approve",
    "CcRule",
    "ChooseStep",
    "DateTrigger",
    "Duration",
    "EmailStep",
    "EventTrigger",
    "EveryTrigger",
    "ExitRule",
    "Expression",
    "Goal",
    "IfLate",
    "InAppStep",
    "MessageStep",
    "Playbook",
    "Reentry",
    "TaskStep",
    "TaskWork",
    "Text",
    "Trigger",
    "WaitStep",
    "kind_of",
    "walk",
]


class Goal(Words):
    """What the playbook is to bring about; reaching it ends the run."""

    event: EventName | None = Field(default=None, description="the event that means success")
    if_: Condition | None = Field(default=None, alias="if", description="or the condition that means success")
    within: Length | None = Field(default=None, description="counted from the start of the run")

    @model_validator(mode="after")
    def _one_sign(self) -> Goal:
        if (self.event is None) == (self.if_ is None):
            raise PydanticCustomError("bad-goal", "a goal has 'event' or 'if', one of them")
        return self


class ExitRule(Words):
    """When to stop a run early, and what a colleague does then."""

    event: EventName | None = Field(default=None, description="stop when this event comes")
    if_: Condition | None = Field(default=None, alias="if", description="or when this becomes true")
    task: TaskWork | None = Field(default=None, description="work for a colleague at that moment")

    @model_validator(mode="after")
    def _one_reason(self) -> ExitRule:
        if (self.event is None) == (self.if_ is None):
            raise PydanticCustomError("bad-exit", "an exit has 'event' or 'if', one of them")
        return self


class Reentry(Words):
    """Whether a subject may run through again: once | not while active | again after N."""

    rule: Literal["once", "not_while_active", "again_after"]
    after: Length | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, data: Any) -> Any:
        if not isinstance(data, str):
            return data
        words = " ".join(data.split())
        if words.startswith("again after "):
            return {"rule": "again_after", "after": words.removeprefix("again after ")}
        if words not in ("once", "not while active"):
            raise PydanticCustomError("bad-reentry", "write: once, not while active, or again after 90 days")
        return {"rule": words.replace(" ", "_")}


class Playbook(Words):
    """One playbook: who enters when, and what they get."""

    key: Key = Field(alias="playbook", description="the name, the same as the file's")
    title: Text = Field(description="what people call it")
    stage: Literal["setup", "use", "satisfaction", "outcome", "contract"] = Field(
        description="what it is meant to move"
    )
    subject: Literal["account", "contact", "contract"] = Field(description="one run per account, contact or contract")
    should_feel: Text | None = Field(default=None, description="how the customer should feel after it")
    trigger: Trigger = Field(description="what makes a subject enter")
    audience: Condition | None = Field(default=None, description="who may enter")
    priority: Literal["low", "normal", "high"] = Field(
        default="normal", description="who wins when the touch budget is short"
    )
    from_: tuple[Sender, ...] = Field(
        default=("csm", "team"), alias="from", description="who signs; the first that exists"
    )
    to: tuple[Recipient, ...] = Field(default=(), description="who gets it, by role; the first that exists")
    cc: tuple[CcRule, ...] = Field(default=(), description="who gets a copy")
    topic: Key | None = Field(default=None, description="consent topic and purpose")
    hours: Hours = Field(default="business", description="send window in the recipient's zone")
    goal: Goal | None = Field(default=None, description="what ends a run with success")
    exit: tuple[ExitRule, ...] = Field(default=(), description="what ends a run early")
    reentry: Reentry = Field(
        default=Reentry(rule="not_while_active"), description="once, not while active, or again after N"
    )
    steps: tuple[AnyStep, ...] = Field(min_length=1, description="what happens, in order")

    @field_validator("from_", "to", "cc", mode="before")
    @classmethod
    def _one_or_many(cls, data: Any) -> Any:
        return [data] if isinstance(data, str) else data

    @field_validator("steps")
    @classmethod
    def _name_steps(cls, steps: tuple[AnyStep, ...]) -> tuple[AnyStep, ...]:
        return with_ids(steps)
