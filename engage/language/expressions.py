"""Conditions and dates over facts: Jinja2's expression syntax, typed, with one meaning in Python and in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engage.language.catalogue import Catalogue, Kind
from engage.language.evaluation import is_true, value_of
from engage.language.grammar import ExpressionError, read_tree
from engage.language.tree import Call, Fact, Heard, Logic, Node, parts_of, text_of

__all__ = ["ClauseValue", "Expression", "ExpressionError", "parse_expression"]


@dataclass(frozen=True)
class ClauseValue:
    """One part of a condition, told to a person: its words, its answer and the values it saw."""

    text: str
    value: bool
    inputs: Mapping[str, Any]


@dataclass(frozen=True)
class Expression:
    """An expression that was read and typed; equal when its meaning is written the same."""

    text: str
    tree: Node

    @property
    def kind(self) -> Kind:
        """The type of what it evaluates to."""
        return self.tree.kind

    @cached_property
    def names(self) -> frozenset[str]:
        """The paths of every fact it asks, those hidden in functions too; a count is a fact by its own text."""
        asked = {part.path for part in parts_of(self.tree) if isinstance(part, Fact | Heard)}
        calls = {part.function for part in parts_of(self.tree) if isinstance(part, Call)}
        return frozenset(asked | ({"today", "now"} if calls & {"days_until", "days_since"} else set()))

    def evaluate(self, facts: Mapping[str, Any]) -> Any:
        """Its value over nested facts: a bool for a condition; else the value, None when missing."""
        return is_true(self.tree, facts) if self.kind == "bool" else value_of(self.tree, facts)

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Whether the condition is true; missing counts as no."""
        return is_true(self.tree, facts)

    def clauses(self, facts: Mapping[str, Any]) -> list[ClauseValue]:
        """Each top-level part with its answer and inputs, in the order written."""
        parts = self.tree.parts if isinstance(self.tree, Logic) else (self.tree,)
        return [ClauseValue(text_of(part), is_true(part, facts), _inputs(part, facts)) for part in parts]

    def __str__(self) -> str:
        return text_of(self.tree)


def parse_expression(text: str, catalogue: Catalogue, *, wanted: tuple[Kind, ...] | None = None) -> Expression:
    """Reads an expression; raises ExpressionError with the offset of what is wrong."""
    tree = read_tree(text, catalogue)
    if wanted and tree.kind not in wanted:
        needed = "a condition" if "bool" in wanted else "a date"
        raise ExpressionError(f"{needed} is needed here, this is a {tree.kind}", offset=tree.start, code="wrong-type")
    return Expression(text.strip(), tree)


def _inputs(part: Node, facts: Mapping[str, Any]) -> dict[str, Any]:
    asked = [node for node in parts_of(part) if isinstance(node, Fact | Heard)]
    return {node.path: value_of(node, facts) for node in asked}
