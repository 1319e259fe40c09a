"""What an expression's tree is worth for one customer.

A comparison with a missing value is false; then logic is two-valued."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engage.language.catalogue import Kind
from engage.language.tree import Arithmetic, Call, Compare, Fact, Heard, Items, Literal_, Logic, Missing, Node, Not
from engage.language.values import TINIEST, coerce, lookup, lower_of

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}
_SUMS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
}


def value_of(node: Node, facts: Mapping[str, Any]) -> Any:
    """The node's value over the facts; None means missing."""
    match node:
        case Literal_():
            return node.value
        case Fact():
            return coerce(node.kind, lookup(facts, node.path))
        case Heard():
            return lookup(facts, node.path)
        case Items():
            return tuple(value_of(item, facts) for item in node.items)
        case Logic():
            every = all if node.op == "and" else any
            return every(is_true(part, facts) for part in node.parts)
        case Not():
            return not is_true(node.part, facts)
        case Missing():
            return (value_of(node.part, facts) is None) != node.negated
        case Compare():
            return _compare(node, facts)
        case Arithmetic():
            return _reckon(node, facts)
        case Call():
            return _FUNCTIONS[node.function]([value_of(part, facts) for part in node.arguments], facts)
    raise TypeError(type(node))


def is_true(node: Node, facts: Mapping[str, Any]) -> bool:
    """Truth as the language has it: only true is true; missing is not."""
    return value_of(node, facts) is True


def _compare(node: Compare, facts: Mapping[str, Any]) -> bool:
    left, right = value_of(node.left, facts), value_of(node.right, facts)
    if left is None or right is None:
        return False
    if node.op in ("in", "notin"):
        if not isinstance(right, list | tuple):
            return False
        return any(_alike(left, item) and left == item for item in right) != (node.op == "notin")
    left, right = _side(left, node.left.kind, node.right.kind), _side(right, node.right.kind, node.left.kind)
    if left is None or right is None or not _alike(left, right):
        return False
    if node.op not in ("eq", "ne") and isinstance(left, str | bool):
        return False
    return _COMPARISONS[node.op](left, right)


def _side(value: Any, own: Kind, other: Kind) -> Any:
    """An undeclared value takes the type of what it is compared with."""
    return coerce(other, value) if own == "any" else value


def _alike(left: Any, right: Any) -> bool:
    return _family(left) == _family(right)


def _family(value: Any) -> type:
    for family in (bool, str, datetime, date):
        if isinstance(value, family):
            return family
    return float if isinstance(value, int | float | Decimal) else type(value)


def _reckon(node: Arithmetic, facts: Mapping[str, Any]) -> Any:
    """In 64-bit floats, as both databases reckon: whole numbers up to 15 digits stay exact."""
    left, right = (_double(side, facts) for side in (node.left, node.right))
    if left is None or right is None or (node.op == "div" and right == 0):
        return None
    return _SUMS[node.op](left, right)


def _double(side: Node, facts: Mapping[str, Any]) -> float | None:
    if isinstance(side, Arithmetic):
        inner: float | None = _reckon(side, facts)
        return inner
    number = coerce("number", value_of(side, facts))
    return None if number is None else 0.0 if abs(number) < TINIEST else float(number)


def _present(values: list[Any]) -> list[Any]:
    """Undeclared values are read as dates, or else as instants; the missing ones are left out."""
    return [value for value in map(_moment, values) if value is not None]


def _moment(value: Any) -> date | None:
    if isinstance(value, str):
        instant: date | None = coerce("instant", value) if len(value) > 10 else coerce("date", value)
        return instant
    return value if isinstance(value, date) else None


def _pick(choose: Callable[..., Any]) -> Callable[[list[Any], Mapping[str, Any]], Any]:
    def picked(values: list[Any], facts: Mapping[str, Any]) -> Any:
        present = _present(values)
        return choose(present) if present and all(_alike(present[0], value) for value in present) else None

    return picked


def _days(values: list[Any], facts: Mapping[str, Any]) -> int | None:
    """Whole days from now on: dates count calendar days from today, instants count 24 hours from now."""
    moment = _moment(values[0])
    here = facts.get("now") if isinstance(moment, datetime) else facts.get("today")
    if moment is None or here is None:
        return None
    if isinstance(moment, datetime):
        seconds = int((moment - here).total_seconds())
        return seconds // 86400 if seconds >= 0 else -(-seconds // 86400)
    return int((moment - here).days)


def _days_since(values: list[Any], facts: Mapping[str, Any]) -> int | None:
    days = _days(values, facts)
    return None if days is None else -days


def _lower(values: list[Any], facts: Mapping[str, Any]) -> str | None:
    return lower_of(values[0]) if isinstance(values[0], str) else None


_FUNCTIONS: dict[str, Callable[[list[Any], Mapping[str, Any]], Any]] = {
    "earliest": _pick(min),
    "latest": _pick(max),
    "days_until": _days,
    "days_since": _days_since,
    "lower": _lower,
}
