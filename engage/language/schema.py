"""JSON Schemas for editors, generated from the spec, with the short forms that an author may write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter

from engage.language.contracts import TemplateMeta
from engage.language.spec import Playbook
from engage.language.steps import STEPS
from engage.language.triggers import TRIGGERS
from engage.language.vocabulary import SECTIONS
from engage.language.words import Recipient

SCHEMAS = ".engage-schemas"  # the folder beside a team's playbooks
MODE_LINE = "# yaml-language-server: $schema="
DIALECT = "https://json-schema.org/draft/2020-12/schema"
MODELS: dict[str, Any] = {"playbook": Playbook, "template": TemplateMeta, **SECTIONS}
_DURATION = {"type": "string", "description": "a length of time, such as 3 days"}
SHORT_FORMS: dict[str, dict[str, Any]] = {
    "Addressee": {"enum": list(get_args(Recipient))},
    "Approve": {"enum": ["never", "always", "by_exception"]},
    "CcRule": {"type": "string", "description": "a role, or: role if condition"},
    "Reentry": {"type": "string", "pattern": "^(once|not while active|begin anew|again after .+)$"},
    "ManualTrigger": {"const": "manual"},
    "Goal": {"const": "none", "description": "there truly is no goal"},
    "Webhook": {"type": "string"},
    "Wait": _DURATION,
    "GivenPerson": {"type": "object", "description": "id, roles, and facts of the person"},
    "FactDeclaration": {"enum": ["text", "number", "bool", "date", "instant", "list"]},
    "EventDeclaration": {"anyOf": [{"type": "null"}, {"type": "object", "required": ["ja", "en"]}]},
}
_ONE_OR_MANY = ("to", "from", "cc", "for", "roles", "says", "without", "with")


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema of a kind of file: playbook, template, or a file of `_shared/`."""
    schema: dict[str, Any] = TypeAdapter(MODELS[name]).json_schema(by_alias=True)
    for title, definition in schema.get("$defs", {}).items():
        short = SHORT_FORMS.get(title)
        if short:
            schema["$defs"][title] = {"anyOf": [short, definition]}
    _allow_one(schema)
    schema = _for_editors(schema)
    for kind, word, model in _kinds():
        if model in schema.get("$defs", {}):
            _named(schema["$defs"][model])["title"] = f"{kind}: {word}"
    return {"$schema": DIALECT} | schema


def write_schemas(folder: Path) -> list[Path]:
    """One file for each kind of file, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}.schema.json" for name in sorted(MODELS)]
    for name, path in zip(sorted(MODELS), files, strict=True):
        path.write_text(json.dumps(schema_of(name), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return files


def _kinds() -> Iterator[tuple[str, str, str]]:
    yield from (("step", word, model.__name__) for word, model in STEPS.items())
    yield from (("trigger", word, model.__name__) for word, model in TRIGGERS.items())


def _named(definition: dict[str, Any]) -> dict[str, Any]:
    """The mapping among the forms of a definition."""
    return next((form for form in definition.get("anyOf", ()) if "properties" in form), definition)


def _for_editors(part: Any) -> Any:
    """What an editor offers is what an author writes: no `null` for what may be left out, no name of a class or field.

    Of `oneOf`, editors follow only the form that fits best, of `anyOf` all: who began a word is offered each of them.
    """
    if isinstance(part, list):
        return [_for_editors(each) for each in part]
    if not isinstance(part, dict):
        return part
    said = {"anyOf" if key == "oneOf" else key: _for_editors(value) for key, value in part.items()}
    if isinstance(said.get("title"), str):
        del said["title"]
    if said.get("default", 0) in (None, "", [], {}):
        del said["default"]
    if "default" in part and part["default"] is None:
        forms = [form for form in said.pop("anyOf", []) if form != {"type": "null"}]
        said = {**forms[0], **said} if len(forms) == 1 else {**said, "anyOf": forms} if forms else said
    return said


def _allow_one(schema: Any) -> None:
    """Where a list of names is read, a single name is read too."""
    if isinstance(schema, list):
        for part in schema:
            _allow_one(part)
    if not isinstance(schema, dict):
        return
    for name, value in schema.get("properties", {}).items():
        forms = list(_forms(value))
        items = next((part["items"] for part in forms if part.get("type") == "array"), None)
        if name in _ONE_OR_MANY and items is not None:
            said = {key: value[key] for key in ("description", "default") if key in value}
            schema["properties"][name] = said | {
                "anyOf": [items, {"type": "array", "items": items}, *(part for part in forms if "$ref" in part)]
            }
    for part in schema.values():
        _allow_one(part)


def _forms(value: Any) -> Iterator[dict[str, Any]]:
    """The forms in which a value may be written."""
    if isinstance(value, dict):
        inner = [*value.get("anyOf", ()), *value.get("oneOf", ())]
        yield from (form for part in inner for form in _forms(part)) if inner else iter((value,))
