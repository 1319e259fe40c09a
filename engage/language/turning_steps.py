"""Steps that end a run, begin another, or change what is known of the customer."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from engage.language.catalogue import Catalogue, Kind
from engage.language.expressions import Expression
from engage.language.plain_step import Step
from engage.language.words import Key, _catalogue, _moment

Reason = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Value = str | int | float | bool | list[Any] | Expression | None


class StopStep(Step):
    """End the run here, for a reason that reports can count."""

    stop: Reason = Field(description="why it ends, such as: not interested")


class StartStep(Step):
    """Begin another playbook for the same subject; its audience and re-entry decide whether it enters."""

    start: Key = Field(description="the key of the other playbook")


_SHAPES: dict[Kind, tuple[type, ...]] = {"text": (str,), "number": (int, float), "bool": (bool,), "list": (list,)}
_DECLARED = ("account.", "contact.", "contract.")


def _assignments(data: Any, info: ValidationInfo) -> dict[str, Value]:
    if not isinstance(data, dict) or not data:
        raise PydanticCustomError("bad-set", "write the facts to set, such as {example}", {"example": "account.x: yes"})
    values: dict[str, Value] = {}
    errors: list[InitErrorDetails] = []
    for path, value in data.items():
        try:
            values[str(path)] = _assigned(str(path), value, info)
        except PydanticCustomError as error:
            errors.append(InitErrorDetails(type=error, loc=(path,), input=value))
    if errors:
        raise ValidationError.from_exception_data("set", errors)
    return values


def _assigned(path: str, value: Any, info: ValidationInfo) -> Value:
    catalogue = _catalogue(info)
    kind = catalogue.kind(path)
    if kind is None:
        hint = catalogue.way_out(path)
        raise PydanticCustomError("unknown-fact", "nobody declared the fact {path}", {"path": path, "hint": hint})
    if path in Catalogue.builtin().kinds or not path.startswith(_DECLARED):
        hint = "set a fact of your own, declared in _shared/facts.yaml"
        raise PydanticCustomError("not-yours", "{path} is not set by playbooks", {"path": path, "hint": hint})
    if value is None or isinstance(value, Expression):
        return value
    if kind in ("date", "instant"):
        return value if _is_iso_date(value) else _moment(value, info)
    if not isinstance(value, _SHAPES[kind]) or (kind == "number" and isinstance(value, bool)):
        raise PydanticCustomError("wrong-type", "{path} is a {kind}", {"path": path, "kind": kind})
    return value  # type: ignore[return-value]


def _is_iso_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _written(values: dict[str, Value]) -> dict[str, Any]:
    return {path: value.text if isinstance(value, Expression) else value for path, value in values.items()}


Assignments = Annotated[
    dict[str, Value],
    PlainValidator(_assignments),
    PlainSerializer(_written, return_type=dict[str, Any]),
    WithJsonSchema(
        {"type": "object", "minProperties": 1, "propertyNames": {"pattern": r"^(account|contact|contract)\."}}
    ),
]


class SetStep(Step):
    """Note a fact of the team's own about the customer, as if it had been imported."""

    set: Assignments = Field(
        description="facts and their values: text, number, true or false, list, date (or `today`), null for missing"
    )
