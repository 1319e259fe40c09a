"""Steps that tell our own side something: a colleague by mail, a channel in Slack, a system by webhook."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from engage.language.expressions import Expression
from engage.language.plain_step import Step
from engage.language.words import Key, StaffRole, Text, Words, _read


def _shown(value: Any, info: ValidationInfo) -> Expression:
    return _read(value, info, ())


Shown = Annotated[
    Expression,
    PlainValidator(_shown),
    PlainSerializer(lambda expression: expression.text),
    WithJsonSchema({"type": "string", "description": "a fact, such as usage.trend"}),
]


class Notify(Words):
    """What a colleague or a channel in Slack is told."""

    title: Text = Field(description="the subject, in both languages")
    text: Text | None = Field(default=None, description="what to know")
    to: tuple[StaffRole, ...] = Field(default=(), description="by mail: each of these; the CSM where nothing is said")
    slack: Key | None = Field(default=None, description="in Slack: a name from the setting ENGAGE_SLACK")
    facts: tuple[Shown, ...] = Field(default=(), description="facts shown below, as they are then")

    @field_validator("to", mode="before")
    @classmethod
    def _one_or_many(cls, data: Any) -> Any:
        return [data] if isinstance(data, str) else data

    @property
    def readers(self) -> tuple[str, ...]:
        """The roles that get a mail."""
        return self.to or (() if self.slack else ("csm",))


class NotifyStep(Step):
    """Tell a colleague by mail, or a channel in Slack; the run goes on at once."""

    notify: Notify = Field(description="`{title, text, to, slack, facts}`")


class Webhook(Words):
    """Which system is told what."""

    to: Key = Field(description="a name from the setting ENGAGE_WEBHOOKS")
    facts: tuple[Shown, ...] = Field(default=(), description="facts sent along, as they are then")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, data: Any) -> Any:
        if isinstance(data, str) and "/" in data:
            hint = "name it in the setting ENGAGE_WEBHOOKS"
            raise PydanticCustomError("url-in-playbook", "a playbook holds no URLs and no secrets", {"hint": hint})
        return {"to": data} if isinstance(data, str) else data


class WebhookStep(Step):
    """Tell another system, signed as Standard Webhooks say, tried again for days; the run goes on at once."""

    webhook: Webhook = Field(description="the name of the address, or `{to, facts}`")
