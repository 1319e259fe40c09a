"""Which messages a rule is about, by what stands on every message: topic, purpose, playbook."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from engage.language.words import Key, Words

Purpose = Literal["transactional", "relationship", "promotional"]


class Selection(Words):
    """Messages by topic, purpose or playbook; one match is enough."""

    topics: tuple[Key, ...] = Field(default=(), description="messages on these topics")
    purposes: tuple[Purpose, ...] = Field(default=(), description="messages of these purposes")
    playbooks: tuple[Key, ...] = Field(default=(), description="messages of these playbooks")

    @field_validator("topics", "purposes", "playbooks", mode="before")
    @classmethod
    def _one_or_many(cls, data: Any) -> Any:
        return [data] if isinstance(data, str) else data

    def takes(self, *, topic: str, purpose: str, playbook: str | None) -> bool:
        """Whether a message with these words is meant."""
        return topic in self.topics or purpose in self.purposes or playbook in self.playbooks

    def __bool__(self) -> bool:
        return bool(self.topics or self.purposes or self.playbooks)
