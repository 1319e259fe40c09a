"""Steps that give work to a colleague: a task, a form to fill in, a lead for sales."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engage.language.durations import Duration
from engage.language.plain_step import Step
from engage.language.words import Key, Length, Said, StaffRole, Text, Words


class TaskWork(Words):
    """Work for a colleague."""

    title: Text = Field(description="what to do, in both languages")
    to: StaffRole = Field(default="csm", description="whose work it is")
    due: Length | None = Field(default=None, description="by when, counted from the moment the task is made")
    note: Text | None = Field(default=None, description="what helps to do it")
    quote: Said | None = Field(
        default=None, description="a text fact shown below the note, such as what the customer wrote"
    )


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


FieldType = Literal["text", "number", "bool", "date"]
FieldName = Annotated[Key, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class FormField(Words):
    """One thing to fill in."""

    label: Text = Field(description="what is asked, in both languages")
    type: FieldType = Field(default="text", description="what kind of answer it takes")
    needed: bool = Field(default=True, description="false: may be left empty")


class Form(Words):
    """What a colleague fills in; a later mail can say it."""

    title: Text = Field(description="what it is about, in both languages")
    fields: dict[FieldName, FormField] = Field(min_length=1, description="what is asked, by name")
    up_to: Length = Field(description="how long the run waits for it")
    to: StaffRole = Field(default="csm", description="who fills it in")
    due: Length | None = Field(default=None, description="by when it should be filled in; the run may wait longer")
    note: Text | None = Field(default=None, description="what helps to do it")


class FormStep(Step):
    """Have a colleague fill in what only a person knows, such as minutes; `form.<step id>.<field>` tells it later."""

    form: Form = Field(description="`{title, fields, up_to, to, due, note}`")


class LeadWork(Words):
    """A chance for sales."""

    title: Text = Field(description="what the chance is, in both languages")
    why: Text = Field(description="what makes us think so")
    to: StaffRole = Field(default="sales", description="whose lead it is")
    due: Length | None = Field(default=None, description="by when somebody should look at it")

    def as_task(self) -> TaskWork:
        """The lead as work, with its reason as the note."""
        return TaskWork(title=self.title, to=self.to, due=self.due, note=self.why)


class LeadStep(Step):
    """Hand a chance over to sales, with its reason."""

    lead: LeadWork = Field(description="`{title, why, to, due}`")
