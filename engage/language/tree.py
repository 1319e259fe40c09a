"""The typed tree that an expression is read into; evaluation and SQL both walk it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

from engage.language.catalogue import Kind


@dataclass(frozen=True)
class Node:
    """One part of an expression: its type and where it stands in the text."""

    kind: Kind
    start: int


@dataclass(frozen=True)
class Literal_(Node):
    """A value written in the expression; dates and instants are already read."""

    value: object


@dataclass(frozen=True)
class Fact(Node):
    """A fact by its path, such as account.phase."""

    path: str


@dataclass(frozen=True)
class Items(Node):
    """A list written in the expression: ["a", "b"]."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Compare(Node):
    """left <op> right; false whenever either side is missing."""

    op: Literal["eq", "ne", "lt", "lteq", "gt", "gteq", "in", "notin"]
    left: Node
    right: Node


@dataclass(frozen=True)
class Logic(Node):
    """All ('and') or any ('or') of the parts."""

    op: Literal["and", "or"]
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Not(Node):
    """The opposite."""

    part: Node


@dataclass(frozen=True)
class Missing(Node):
    """Asks whether a value is missing (or, negated, set)."""

    part: Node
    negated: bool


@dataclass(frozen=True)
class Arithmetic(Node):
    """left <op> right over numbers; missing when either side is."""

    op: Literal["add", "sub", "mul", "div"]
    left: Node
    right: Node


@dataclass(frozen=True)
class Call(Node):
    """One of the allowed functions."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Heard(Node):
    """What the subject's use of the product says: a count of events, or the days since the last."""

    function: Literal["count", "count_before", "days_since_event"]
    event: str
    days: int  # of the window; for days_since_event how far it looks back

    @property
    def path(self) -> str:
        """Its name among the facts: its own text."""
        return text_of(self)

    @classmethod
    def named(cls, path: str) -> Heard | None:
        """What a name among the facts asks; None for any other fact."""
        found = _HEARD.fullmatch(path)
        if found is None:
            return None
        return cls("number", 0, found[1], json.loads(found[2]), int(found[3] or LOOK_BACK))  # type: ignore[arg-type]


def parts_of(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    for field in fields(node):
        value = getattr(node, field.name)
        for child in value if isinstance(value, tuple) else (value,):
            if isinstance(child, Node):
                yield from parts_of(child)


LOOK_BACK = 730  # days; the furthest that counts and days_since_event look
_HEARD = re.compile(r'(count|count_before|days_since_event)\(("(?:[^"\\]|\\.)*")(?:, days=(\d+))?\)')
_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in"}
_SUMS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


def text_of(node: Node) -> str:
    """The node in the language again, in its plainest writing."""
    match node:
        case Literal_():
            return _literal(node.value)
        case Fact():
            return _path(node.path)
        case Items():
            return f"[{', '.join(text_of(item) for item in node.items)}]"
        case Compare():
            return f"{_operand(node.left)} {_SIGNS[node.op]} {_operand(node.right)}"
        case Logic():
            return f" {node.op} ".join(_inner(part) for part in node.parts)
        case Not():
            return f"not {_inner(node.part)}"
        case Missing():
            return f"{_operand(node.part)} is {'set' if node.negated else 'missing'}"
        case Arithmetic():
            return f"{_inner(node.left)} {_SUMS[node.op]} {_inner(node.right)}"
        case Call():
            return f"{node.function}({', '.join(text_of(argument) for argument in node.arguments)})"
        case Heard():
            days = "" if node.function == "days_since_event" else f", days={node.days}"
            return f"{node.function}({_literal(node.event)}{days})"
    raise TypeError(type(node))


def _inner(node: Node) -> str:
    loose = isinstance(node, Logic | Arithmetic | Not)
    return f"({text_of(node)})" if loose else text_of(node)


def _operand(node: Node) -> str:
    return f"({text_of(node)})" if isinstance(node, Compare | Missing) else _inner(node)


def _path(path: str) -> str:
    first, *rest = path.split(".")
    return first + "".join(f".{part}" if part.isidentifier() else f"[{json.dumps(part)}]" for part in rest)


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return json.dumps(value if isinstance(value, str) else str(value), ensure_ascii=False)
