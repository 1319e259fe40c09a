"""A typed condition as SQL over all subjects at once: the twin of `language/evaluation.py`, which judges one.

A clause that asks what no column holds is left to Python, and named: the SQL then finds all for whom it could be true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Double, Select, Text, and_, false, func, literal, not_, or_, true
from sqlalchemy.orm import Session

from engage.customers.columns import Customers, OnlyInPythonError
from engage.customers.dialects import DIALECTS, Sql
from engage.customers.moments import Moments
from engage.customers.trait_sql import lend_functions
from engage.db.base import UtcDateTime
from engage.language.catalogue import Kind
from engage.language.expressions import Expression
from engage.language.tree import (
    Arithmetic,
    Call,
    Compare,
    Fact,
    Heard,
    Items,
    Literal_,
    Logic,
    Missing,
    Node,
    Not,
    parts_of,
    text_of,
)
from engage.language.vocabulary import Vocabulary

_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "lt": lambda left, right: left < right,
    "lteq": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "gteq": lambda left, right: left >= right,
}
_SUMS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


@dataclass(frozen=True, slots=True)
class Residue:
    """A clause that stays with Python, and why."""

    text: str
    reason: str


class Conditions:
    """Compiles expressions over the subjects of one kind; `residue` tells what Python still has to judge."""

    def __init__(
        self,
        session: Session,
        kind: str,
        vocabulary: Vocabulary,
        expressions: Iterable[Expression],
        *,
        moments: Moments,
        among: Select[Any] | None = None,
        period: bool = False,
    ) -> None:
        lend_functions(session)
        self.dialect = DIALECTS[session.get_bind().dialect.name]
        heard = [part for one in expressions for part in parts_of(one.tree) if isinstance(part, Heard)]
        self.customers = Customers(
            kind, self.dialect, vocabulary, moments=moments, heard=heard, among=among, period=period
        )
        self.residue: list[Residue] = []

    def holds(self, expression: Expression) -> Sql:
        """Where the condition is true; where Python has to judge a clause, where it could be."""
        return self._condition(expression.tree, unknown=True)

    def value(self, expression: Expression) -> Sql | None:
        """The value, such as a date; None when only Python can tell."""
        try:
            return self._value(expression.tree)
        except OnlyInPythonError as left:
            self._leave(expression.tree, left)
            return None

    def _leave(self, node: Node, why: OnlyInPythonError) -> None:
        left = Residue(text_of(node), str(why))
        if left not in self.residue:
            self.residue.append(left)

    # -- conditions: NULL is as good as false here, since only true counts

    def _condition(self, node: Node, *, unknown: bool) -> Sql:
        """`unknown` is what a clause counts as that only Python can judge: so that nobody is lost."""
        match node:
            case Logic():
                joined = and_ if node.op == "and" else or_
                return joined(*(self._condition(part, unknown=unknown) for part in node.parts))
            case Not():
                return not_(func.coalesce(self._condition(node.part, unknown=not unknown), false()))
        try:
            return self._clause(node)
        except OnlyInPythonError as left:
            self._leave(node, left)
            return true() if unknown else false()

    def _clause(self, node: Node) -> Sql:
        match node:
            case Literal_():
                return true() if node.value is True else false()
            case Fact(kind="bool"):
                return self._value(node) == true()
            case Compare():
                return self._compare(node)
            case Missing():
                return self._missing(node)
            case Logic():
                joined = and_ if node.op == "and" else or_
                return joined(*map(self._clause, node.parts))
            case Not():
                return not_(func.coalesce(self._clause(node.part), false()))
        raise OnlyInPythonError("its type is known only to a run")

    def _missing(self, node: Missing) -> Sql:
        part = node.part
        if isinstance(part, Fact) and part.kind == "object":
            there = self.customers.is_there(part.path)
            return there if node.negated else not_(there)
        value = self._value(part)
        return value.is_not(None) if node.negated else value.is_(None)

    def _compare(self, node: Compare) -> Sql:
        if "any" in (node.left.kind, node.right.kind):
            raise OnlyInPythonError("its type is known only to a run")
        if node.op in ("in", "notin"):
            return self._membership(node)
        compared, left, right = _COMPARISONS[node.op], node.left, node.right
        if isinstance(left, Heard) and isinstance(right, Literal_) and not compared(0, right.value):
            return compared(self.customers.heard(left, or_missing=True), self._value(right))
        return compared(self._value(left), self._value(right))

    def _membership(self, node: Compare) -> Sql:
        left, kind = self._value(node.left), node.left.kind
        if isinstance(node.right, Items):
            items = [self._value(item) for item in node.right.items]
            return left.in_(items) if node.op == "in" else left.not_in(items)
        items = self._value(node.right)
        held = false() if kind in ("date", "instant") else self.dialect.holds(items, left, kind)
        if node.op == "in":
            return held
        return and_(left.is_not(None), items.is_not(None), not_(held))

    # -- values: NULL is missing

    def _value(self, node: Node) -> Sql:
        match node:
            case Literal_():
                return self._literal(node.kind, node.value)
            case Fact():
                return self.customers.fact(node)
            case Heard():
                return self.customers.heard(node)
            case Arithmetic():
                return self._sum(node)
            case Call():
                return self._call(node)
            case Logic() | Not() | Compare() | Missing():
                return func.coalesce(self._clause(node), false())
        raise OnlyInPythonError("its type is known only to a run")

    def _literal(self, kind: Kind, value: Any) -> Sql:
        match value:
            case bool():
                return true() if value else false()
            case int() | float():
                return self.dialect.number(value)
            case datetime():
                return literal(value, UtcDateTime())
            case date():
                return literal(value, Date())
        return literal(value, Text())

    def _sum(self, node: Arithmetic) -> Sql:
        left, right = (
            self._sum(side) if isinstance(side, Arithmetic) else self.dialect.double(self._number(side))
            for side in (node.left, node.right)
        )
        if node.op == "div":
            right = func.nullif(right, literal(0.0, Double()))
        return left.op(_SUMS[node.op], return_type=Double())(right)

    def _number(self, node: Node) -> Sql:
        if node.kind != "number":
            raise OnlyInPythonError("its type is known only to a run")
        return self._value(node)

    def _call(self, node: Call) -> Sql:
        kinds = {argument.kind for argument in node.arguments}
        if "any" in kinds:
            raise OnlyInPythonError("its type is known only to a run")
        arguments = [self._value(argument) for argument in node.arguments]
        match node.function:
            case "lower":
                return func.engage_lower(arguments[0], type_=Text())
            case "earliest":
                return self.dialect.first(arguments)
            case "latest":
                return self.dialect.last(arguments)
        is_date = kinds == {"date"}
        days = self.dialect.days if is_date else self.dialect.days_of_time
        here = self.customers.fact(Fact("date", 0, "today") if is_date else Fact("instant", 0, "now"))
        return days(arguments[0], here) if node.function == "days_until" else days(here, arguments[0])
