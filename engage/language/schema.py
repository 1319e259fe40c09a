"""JSON Schemas for editors, generated from the spec, with the short forms that an author may write."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from engage.language.spec import Playbook
from engage.language.templates import TemplateMeta
from engage.language.vocabulary import SECTIONS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MODELS: dict[str, Any] = {"playbook": Playbook, "template": TemplateMeta, **SECTIONS}
_DURATION = {"type": "string", "description": "a length of time, such as 3 days"}
SHORT_FORMS: dict[str, dict[str, Any]] = {
    "Approve": {"enum": ["never", "always"]},
    "CcRule": {"type": "string", "description": "a role, or: role if condition"},
    "Reentry": {"type": "string", "pattern": "^(once|not while active|again after .+)$"},
    "Wait": _DURATION,
    "FactDeclaration": {"enum": ["text", "number", "bool", "date", "instant", "list"]},
    "EventDeclaration": {"anyOf": [{"type": "null"}, {"type": "object", "required": ["ja", "en"]}]},
}
_ONE_OR_MANY = ("to", "from", "cc", "for")


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema of a kind of file: playbook, template, or a file of `_shared/`."""
    schema: dict[str, Any] = TypeAdapter(MODELS[name]).json_schema(by_alias=True)
    for title, definition in schema.get("$defs", {}).items():
        short = SHORT_FORMS.get(title)
        if short:
            schema["$defs"][title] = {"anyOf": [short, definition]}
    _allow_one(schema)
    return {"$schema": DIALECT} | schema


def _allow_one(schema: Any) -> None:
    """Where a list of names is read, a single name is read too."""
    if isinstance(schema, list):
        for part in schema:
            _allow_one(part)
    if not isinstance(schema, dict):
        return
    for name, value in schema.get("properties", {}).items():
        lists = [value, *value.get("anyOf", ())] if isinstance(value, dict) else []
        items = next((part["items"] for part in lists if part.get("type") == "array"), None)
        if name in _ONE_OR_MANY and items is not None:
            said = {key: value[key] for key in ("description", "default") if key in value}
            schema["properties"][name] = said | {"anyOf": [items, {"type": "array", "items": items}]}
    for part in schema.values():
        _allow_one(part)
