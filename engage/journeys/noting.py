"""What a `set` step notes about the customer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from engage.language.expressions import Expression
from engage.language.spec import SetStep


def values_of(step: SetStep, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored, of those who are there to have them."""
    present = {path: value for path, value in step.set.items() if facts.get(path.partition(".")[0])}
    return {path: _stored(value, facts) for path, value in present.items()}


def with_values(facts: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The facts with these values in them."""
    changed = dict(facts)
    for path, value in values.items():
        group, _, name = path.partition(".")
        changed[group] = {**changed[group], name: value}
    return changed


def _stored(value: Any, facts: Mapping[str, Any]) -> Any:
    found = value.evaluate(facts) if isinstance(value, Expression) else value
    return found.isoformat() if isinstance(found, date) else found
