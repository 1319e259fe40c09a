"""A playbook as its author writes it: the one truth for reading, the JSON Schema and the reference."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from engage.language.addressees import To, as_list, templates_of
from engage.language.budgets import Priority
from engage.language.durations import Duration
from engage.language.examples import Example
from engage.language.expecting import Expect
from engage.language.expressions import Expression
from engage.language.invariants import Never
from engage.language.message_words import Approve, CcRule
from engage.language.naming import with_ids
from engage.language.outside_steps import NotifyStep, WebhookStep
from engage.language.shares import Share
from engage.language.steps import (
    AnyStep,
    AskStep,
    ChooseStep,
    EmailStep,
    InAppStep,
    MessageStep,
    RepeatStep,
    SplitStep,
    WaitStep,
    kind_of,
    walk,
)
from engage.language.triggers import (
    AbsentTrigger,
    BecomesTrigger,
    DateTrigger,
    EventTrigger,
    EveryTrigger,
    IfLate,
    ManualTrigger,
    OnceTrigger,
    Trigger,
)
from engage.language.turning_steps import SetStep, StartStep, StopStep
from engage.language.words import Condition, EventName, Hours, Key, Length, Sender, Text, Words
from engage.language.work_steps import FormStep, LeadStep, TaskStep, TaskWork

__all__ = [
    "AbsentTrigger",
    "AnyStep",
    "Approve",
    "AskStep",
    "BecomesTrigger",
    "CcRule",
    "ChooseStep",
    "DateTrigger",
    "Duration",
    "EmailStep",
    "EventTrigger",
    "EveryTrigger",
    "ExitRule",
    "Expect",
    "Expression",
    "FormStep",
    "Goal",
    "IfLate",
    "InAppStep",
    "LeadStep",
    "ManualTrigger",
    "MessageStep",
    "NotifyStep",
    "OnceTrigger",
    "Playbook",
    "Reentry",
    "RepeatStep",
    "SetStep",
    "SplitStep",
    "StartStep",
    "StopStep",
    "TaskStep",
    "TaskWork",
    "Text",
    "Trigger",
    "WaitStep",
    "WebhookStep",
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
    """Whether a subject may run through again: once | not while active | again after N | begin anew."""

    rule: Literal["once", "not_while_active", "again_after", "begin_anew"]
    after: Length | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, data: Any) -> Any:
        if not isinstance(data, str):
            return data
        words = " ".join(data.split())
        if words.startswith("again after "):
            return {"rule": "again_after", "after": words.removeprefix("again after ")}
        if words not in ("once", "not while active", "begin anew"):
            raise PydanticCustomError(
                "bad-reentry", "write: once, not while active, begin anew, or again after 90 days"
            )
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
    priority: Priority = Field(default="normal", description="who wins when the touch budget is short")
    from_: tuple[Sender, ...] = Field(
        default=("csm", "team"), alias="from", description="who signs; the first that exists"
    )
    to: To = Field(
        default=(), description="who gets it, by role; the first that exists, or everybody: `{all: [role, …], max: n}`"
    )
    cc: tuple[CcRule, ...] = Field(default=(), description="who gets a copy")
    every_account: bool = Field(
        default=False,
        description="whether a person who belongs to several accounts gets the same mail for each; else once in 3 days",
    )
    topic: Key | None = Field(default=None, description="consent topic and purpose")
    hours: Hours = Field(default="business", description="send window in the recipient's zone")
    goal: Goal | None = Field(
        default=None, description="what ends a run with success; `none` where there truly is no goal"
    )
    exit: tuple[ExitRule, ...] = Field(default=(), description="what ends a run early")
    holdout: Share | None = Field(
        default=None, description="share of the accounts that is left alone, so that the effect can be seen: 10%"
    )
    expect: Expect | None = Field(
        default=None, description="what it is to move, and when somebody looks whether it did"
    )
    reentry: Reentry = Field(
        default=Reentry(rule="not_while_active"),
        description="once, not while active, again after N, or begin anew (a new run ends the one before)",
    )
    steps: tuple[AnyStep, ...] = Field(min_length=1, description="what happens, in order")
    tests: tuple[Example, ...] = Field(default=(), description="examples that `engage playbooks test` plays")
    never: tuple[Never, ...] = Field(default=(), description="what must never happen, tried with invented histories")

    @field_validator("from_", "cc", mode="before")
    @classmethod
    def _one_or_many(cls, data: Any) -> Any:
        return [data] if isinstance(data, str) else data

    @field_validator("to", mode="before")
    @classmethod
    def _one_role_or_many(cls, data: Any) -> Any:
        return as_list(data)

    @field_validator("to")
    @classmethod
    def _templates_stand_at_steps(cls, to: To) -> To:
        if any(templates_of(to)):
            raise PydanticCustomError("template-here", "a role's template stands in the 'to' of a step")
        return to

    @field_validator("goal", mode="before")
    @classmethod
    def _none_is_meant(cls, data: Any) -> Any:
        """`goal: none` says what a missing goal does not: that it was thought of."""
        return None if data == "none" else data

    @field_validator("steps")
    @classmethod
    def _name_steps(cls, steps: tuple[AnyStep, ...]) -> tuple[AnyStep, ...]:
        return with_ids(steps)
