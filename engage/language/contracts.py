"""A template's contract, as its meta.yaml states it: which facts it takes, of which type, which may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from engage.language.catalogue import Kind
from engage.language.selecting import Purpose
from engage.language.words import Key, Text, Words

FieldKind = Literal["text", "number", "bool", "date", "instant", "list", "any"]
GIVEN = frozenset(
    {"company", "team", "sender", "salutation", "salutation_short", "unsubscribe_url", "unsubscribe_topic", "locale"}
)
"""What every message has from our own side, under these first words; a template need not declare it."""

ALWAYS_THERE = frozenset({"today", "now", "account.name", "contact.email"})
"""Facts that every message has; they need not be declared either."""
NEVER_MISSING = ALWAYS_THERE.union(
    """usage.active_users usage.active_users_before usage.events usage.events_before usage.days usage.as_of usage.trend
    csm.name sales.name""".split()  # noqa: SIM905
)
"""And those that are there wherever what they belong to is."""

_WRITTEN_AS: dict[Kind, tuple[type, ...]] = {"text": (str,), "bool": (bool,), "list": (list,)}


def _by_path(value: Any) -> Any:
    """A list of paths takes their types from the catalogue."""
    return dict.fromkeys(value) if isinstance(value, list | tuple) else {} if value is None else value


_SCHEMA = {
    "anyOf": [
        {"type": "array", "items": {"type": "string"}},
        {
            "type": "object",
            "additionalProperties": {"enum": ["text", "number", "bool", "date", "instant", "list", "any"]},
        },
    ]
}
Fields = Annotated[dict[str, FieldKind | None], BeforeValidator(_by_path), WithJsonSchema(_SCHEMA)]


class TemplateMeta(Words):
    """What is true of a template in every locale."""

    kind: Literal["email", "in_app"] = Field(default="email", description="what it is")
    purpose: Purpose = Field(default="relationship", description="transactional, relationship or promotional")
    topic: Key | None = Field(default=None, description="consent topic, where step and playbook say none")
    needs: Fields = Field(
        default={}, description="facts without which the message is held: `{path: type}`, or a list of paths"
    )
    uses: Fields = Field(default={}, description="facts that it also shows or asks, and that may be missing")
    sample: dict[str, Any] = Field(
        default={}, description="what these facts are in previews, by path, where the facts themselves say no `example`"
    )
    description: Text | None = Field(default=None, description="what it is for, for colleagues")

    @property
    def declared(self) -> Mapping[str, FieldKind | None]:
        """Every field of the contract with its type, as far as the template itself says it."""
        return {**self.uses, **self.needs}

    def published(self) -> dict[str, Any]:
        """What a release keeps; the types are for those who write, and a sample only where there is one."""
        said = self.model_dump(mode="json", exclude={"kind", "uses"})
        said["needs"] = list(self.needs)
        return said if self.sample else {name: value for name, value in said.items() if name != "sample"}


def in_language(value: Any, locale: str) -> Any:
    """An example as the locale says it, where it was written as `{ja: …, en: …}`."""
    if isinstance(value, Mapping) and set(value) == {"ja", "en"}:
        return value["ja" if locale.startswith("ja") else "en"]
    return value


def fits(value: Any, kind: Kind | None) -> bool:
    """Whether a value written in YAML is of that type."""
    match kind:
        case "date" | "instant":
            try:
                datetime.fromisoformat(value) if kind == "instant" else date.fromisoformat(value)
            except (TypeError, ValueError):
                return False
            return True
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, _WRITTEN_AS.get(kind or "any", (object,)))
