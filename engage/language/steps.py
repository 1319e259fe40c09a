"""What a playbook does, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from engage.language.durations import Duration
from engage.language.expressions import Expression
from engage.language.words import (
    Condition,
    Hours,
    Key,
    Length,
    Moment,
    Names,
    Recipient,
    Sender,
    StaffRole,
    TemplateName,
    Text,
    Words,
)


class Approve(Words):
    """Who must say yes before a message goes; absent means: by the account's touch model."""

    mode: Literal["never", "always"] = Field(
        default="always", description="never: goes out unasked; always: somebody says yes first"
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


class Step(Words):
    """What every step may carry."""

    id: Key = Field(
        default="",
        validate_default=False,
        description="a name for reports and conditions; made from the step where absent",
    )
    if_: Condition | None = Field(default=None, alias="if", description="pass over the step unless this holds")


class MessageStep(Step):
    """What every message to a customer may carry; what is absent is the playbook's."""

    to: tuple[Recipient, ...] | None = Field(default=None, description="by role; the first that exists gets it")
    topic: Key | None = Field(default=None, description="consent topic")
    hours: Hours | None = Field(default=None, description="send window in the recipient's zone")
    approve: Approve | None = Field(
        default=None, description="never, always, or {by, within}; by the touch model where absent"
    )

    @field_validator("to", mode="before")
    @classmethod
    def _one_or_many(cls, data: Any) -> Any:
        return _as_list(data)


class EmailStep(MessageStep):
    """Send an email to one person."""

    template: TemplateName = Field(alias="email", description="the template, such as kickoff/welcome")
    from_: tuple[Sender, ...] | None = Field(
        default=None, alias="from", description="the first of these that exists signs it"
    )
    cc: tuple[CcRule, ...] | None = Field(default=None, description="who gets a copy")

    @field_validator("from_", "cc", mode="before")
    @classmethod
    def _one_or_several(cls, data: Any) -> Any:
        return _as_list(data)


class InAppStep(MessageStep):
    """Show a message inside the product."""

    template: TemplateName = Field(alias="in_app", description="the template, such as renewal/plan_next_term")


class Wait(Words):
    """What a wait waits for: a time, a date, or an event until a time-out or a date, whichever comes first."""

    time: Length | None = Field(default=None, description="a length of time")
    until: Moment | None = Field(default=None, description="a date fact")
    for_: Names | None = Field(default=None, alias="for", description="one of these events")
    where: Condition | None = Field(default=None, description="a condition over the event that came")
    up_to: Length | None = Field(default=None, description="how long we wait for the event")

    @model_validator(mode="before")
    @classmethod
    def _from_time(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return data | {"for": _as_list(data["for"])} if "for" in data else data
        return {"time": data}

    @model_validator(mode="after")
    def _one_way(self) -> Wait:
        ends = [way for way in (self.time, self.until, self.up_to) if way is not None]
        if not ends and self.for_ is not None:
            raise PydanticCustomError("wait-without-end", "say with 'up_to' or 'until' how long to wait for the event")
        if len(ends) != 1:
            raise PydanticCustomError(
                "one-wait", "a wait ends by one of: a length of time, 'until', 'for' with 'up_to'"
            )
        if (self.up_to and not self.for_) or (self.time and self.for_):
            raise PydanticCustomError("one-wait", "'for' and 'up_to' belong together")
        if self.where is not None and self.for_ is None:
            raise PydanticCustomError("one-wait", "'where' belongs to a wait 'for' an event")
        return self


class WaitStep(Step):
    """Wait for a time, a date, or an event."""

    wait: Wait = Field(description="a length of time, {until: date}, or {for: event, up_to: time}")

    @property
    def time(self) -> Duration | None:
        return self.wait.time

    @property
    def until(self) -> Expression | None:
        return self.wait.until

    @property
    def for_(self) -> tuple[str, ...]:
        return self.wait.for_ or ()

    @property
    def where(self) -> Expression | None:
        return self.wait.where

    @property
    def up_to(self) -> Duration | None:
        return self.wait.up_to


class TaskWork(Words):
    """Work for a colleague."""

    title: Text = Field(description="what to do, in both languages")
    to: StaffRole = Field(default="csm", description="whose work it is")
    due: Length | None = Field(default=None, description="by when, counted from the moment the task is made")
    note: Text | None = Field(default=None, description="what helps to do it")


class TaskStep(Step):
    """Give a colleague work."""

    task: TaskWork = Field(description="what to do, who does it, by when")

    @property
    def title(self) -> Text:
        return self.task.title

    @property
    def to(self) -> str:
        return self.task.to

    @property
    def due(self) -> Duration | None:
        return self.task.due

    @property
    def note(self) -> Text | None:
        return self.task.note


class Branch(Words):
    """One way of a choose: {if: …, steps: […]}, or {else: […]}."""

    if_: Condition | None = Field(default=None, alias="if", description="take this way when it holds")
    steps: tuple[AnyStep, ...] | None = Field(default=None, description="what to do then")
    else_: tuple[AnyStep, ...] | None = Field(
        default=None, alias="else", description="what to do when no way before held"
    )

    @model_validator(mode="after")
    def _either(self) -> Branch:
        if (self.else_ is None) == (self.if_ is None) or (self.if_ is None) != (self.steps is None):
            raise PydanticCustomError(
                "bad-branch", "a branch is {shape}", {"shape": "{if: …, steps: […]} or {else: […]}"}
            )
        return self


class ChooseStep(Step):
    """Take the first branch whose condition holds."""

    choose: tuple[Branch, ...] = Field(min_length=1, description="the ways, tried in order; else comes last")

    @field_validator("choose")
    @classmethod
    def _else_is_last(cls, ways: tuple[Branch, ...]) -> tuple[Branch, ...]:
        if any(way.else_ is not None for way in ways[:-1]):
            raise PydanticCustomError("bad-branch", "'else' comes once and last")
        return ways

    @property
    def branches(self) -> tuple[tuple[Expression, tuple[AnyStep, ...]], ...]:
        """The ways with a condition, in order."""
        return tuple((way.if_, way.steps or ()) for way in self.choose if way.if_ is not None)

    @property
    def else_steps(self) -> tuple[AnyStep, ...]:
        """What is done when no way held."""
        return self.choose[-1].else_ or ()


def _as_list(data: Any) -> Any:
    return [data] if isinstance(data, str) else data


STEPS: dict[str, type[Step]] = {
    "email": EmailStep,
    "in_app": InAppStep,
    "wait": WaitStep,
    "choose": ChooseStep,
    "task": TaskStep,
}


def kind_of(step: AnyStep) -> str:
    """The word that an author writes for this kind of step."""
    return next(kind for kind, model in STEPS.items() if isinstance(step, model))


def walk(steps: tuple[AnyStep, ...]) -> Iterator[AnyStep]:
    """Every step in the order written, those inside branches too."""
    for step in steps:
        yield step
        if isinstance(step, ChooseStep):
            for way in step.choose:
                yield from walk(way.steps or way.else_ or ())


def _tag_of_step(data: Any) -> str | None:
    for kind, model in STEPS.items():
        if isinstance(data, model) or (isinstance(data, dict) and kind in data):
            return f"step:{kind}"
    return None


AnyStep = Annotated[
    Annotated[EmailStep, Tag("step:email")]
    | Annotated[InAppStep, Tag("step:in_app")]
    | Annotated[WaitStep, Tag("step:wait")]
    | Annotated[ChooseStep, Tag("step:choose")]
    | Annotated[TaskStep, Tag("step:task")],
    Discriminator(_tag_of_step, custom_error_type="no-kind", custom_error_message="no kind of step"),
]
Branch.model_rebuild()
ChooseStep.model_rebuild()
