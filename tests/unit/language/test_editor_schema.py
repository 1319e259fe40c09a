"""The published schemas as an editor uses them: what they offer at a place, and that they take what is shipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from engage.config import shipped
from engage.language.schema import MODELS, schema_of
from engage.language.steps import STEPS
from engage.language.triggers import TRIGGERS
from engage.language.words import Recipient
from engage.language.yaml_reading import read_yaml

Place = tuple[str | int, ...]
ROLES = set(get_args(Recipient))


def forms(part: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each form in which a value may be written, references followed."""
    if "$ref" in part:
        yield from forms(schema["$defs"][part["$ref"].rpartition("/")[2]], schema)
    elif "anyOf" in part:
        yield from (form for inner in part["anyOf"] for form in forms(inner, schema))
    else:
        yield part


def offered(place: Place, schema: dict[str, Any]) -> set[str]:
    """The keys and words that may stand at a place: what the editor lists there."""
    here = list(forms(schema, schema))
    for part in place:
        inner = [form["items"] if part == 0 else form["properties"][part] for form in here if _has(form, part)]
        here = [form for each in inner for form in forms(each, schema)]
    words = {word for form in here for word in [*form.get("enum", ()), *([form["const"]] if "const" in form else [])]}
    return words | {key for form in here for key in form.get("properties", ())}


def _has(form: dict[str, Any], part: str | int) -> bool:
    return "items" in form if part == 0 else part in form.get("properties", ())


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ((), {"playbook", "title", "stage", "trigger", "steps", "tests", "never"}),
        (("stage",), {"setup", "use", "satisfaction", "outcome", "contract"}),
        (("trigger",), {*TRIGGERS, "manual"}),
        (("to",), ROLES),
        (("to", 0), ROLES),
        (("goal",), {"event", "if", "within", "none"}),
        (("steps", 0), {*STEPS, "if", "id"}),
        (("steps", 0, "wait"), {"time", "until", "for", "up_to"}),
        (("steps", 0, "choose", 0), {"if", "else", "steps"}),
        (("steps", 0, "choose", 0, "steps", 0), set(STEPS)),
        (("tests", 0, "expect", 0), {"at", "email", "task", "nothing"}),
    ],
)
def test_an_editor_offers_what_may_stand_there(place: Place, expected: set[str]) -> None:
    found = offered(place, schema_of("playbook"))
    assert expected <= found and None not in found


@pytest.mark.parametrize("name", sorted(MODELS))
def test_an_editor_offers_no_null_and_no_class_name(name: str) -> None:
    schema = schema_of(name)
    Draft202012Validator.check_schema(schema)
    for part in _parts(schema):
        assert part.get("default", 0) not in (None, "", []) and "oneOf" not in part
        title = part.get("title", "step: ")
        assert not isinstance(title, str) or title.partition(":")[0] in ("step", "trigger")


def _parts(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _parts(each)


def test_every_shipped_file_fits_its_schema() -> None:
    home = shipped("playbooks")
    files = [(path, "playbook") for path in home.glob("*.yaml")]
    files += [(path, path.stem) for path in (home / "_shared").glob("*.yaml")]
    files += [(path, "template") for path in shipped("email_templates").rglob("meta.yaml")]
    validators = {name: Draft202012Validator(schema_of(name)) for name in MODELS}
    assert len(files) > 50
    assert [said for path, name in files for said in _complaints(path, validators[name])] == []


def _complaints(path: Path, validator: Draft202012Validator) -> list[str]:
    data = read_yaml(path.read_text(encoding="utf-8"), path.name).data
    return [f"{path.name}: {error.json_path}: {error.message}" for error in validator.iter_errors(data)]
