"""Reads Jinja2's expression syntax into the typed tree: everything not listed here is refused, with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import NoReturn, cast

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from engage.language.catalogue import Catalogue, Kind, is_use
from engage.language.guessing import nearest, way_out
from engage.language.tree import (
    LOOK_BACK,
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
)
from engage.language.values import LARGEST, coerce

MAX_LENGTH = 2000
MAX_DEPTH = 30
MAX_NUMBERS = 8  # in one sum: no result can leave the range of numbers, on any database
FUNCTIONS: dict[str, tuple[tuple[Kind, ...], int, Kind | None]] = {
    "earliest": (("date", "instant"), 20, None),
    "latest": (("date", "instant"), 20, None),
    "days_until": (("date", "instant"), 1, "number"),
    "days_since": (("date", "instant"), 1, "number"),
    "lower": (("text",), 1, "text"),
}
HEARING = ("count", "count_before", "days_since_event")
_ORDERED: tuple[Kind, ...] = ("number", "date", "instant", "any")
_ARITHMETIC: dict[type[nodes.BinExpr], str] = {nodes.Add: "add", nodes.Sub: "sub", nodes.Mul: "mul", nodes.Div: "div"}


class ExpressionError(Exception):
    """An expression cannot be read; `offset` counts characters from its start."""

    def __init__(self, message: str, *, offset: int, code: str = "bad-expression", hint: str | None = None):
        super().__init__(message)
        self.message, self.offset, self.code, self.hint = message, offset, code, hint


class _Positions(Environment):
    """Puts the character offset where Jinja2 keeps the line, so that every node knows its place."""

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        return TokenStream(self.lexer.wrap(self._placed(source, state), name, filename), name, filename)

    def _placed(self, source: str, state: str | None) -> Iterator[tuple[int, str, str]]:
        offset = 0
        try:
            for _, token, value in self.lexer.tokeniter(source, None, None, state):
                yield offset, token, value
                offset += len(value)
        except TemplateSyntaxError as error:
            raise ExpressionError(error.message or "not an expression", offset=offset) from None


_ENVIRONMENT = _Positions()
_DATE_OR_QUOTED = re.compile(r"""(?:"[^"]*"|'[^']*'|(?P<date>\b\d{4}-\d{1,2}-\d{1,2}\b))""")


def read_tree(text: str, catalogue: Catalogue) -> Node:
    """The typed tree of an expression, or ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression has at most {MAX_LENGTH} characters", offset=0)
    if not text.strip():
        raise ExpressionError("the expression is empty", offset=0)
    _refuse_bare_dates(text)
    try:
        return _Reader(catalogue).read(_syntax(text), 0)
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply", offset=0) from None


def _refuse_bare_dates(text: str) -> None:
    """A date without quotes would be read as a subtraction, or not at all where a part begins with 0."""
    for found in _DATE_OR_QUOTED.finditer(text):
        if found["date"]:
            hint = f'compare with "{found["date"]}"'
            raise ExpressionError("a date stands in quotes", offset=found.start(), hint=hint)


def _syntax(text: str) -> nodes.Expr:
    flat = text.replace("\r", " ").replace("\n", " ")
    try:
        parser = Parser(_ENVIRONMENT, flat, state="variable")
        expression = parser.parse_expression()
        if not parser.stream.eos:
            token = parser.stream.current
            hint = "compare with '=='" if token.type == "assign" else None
            raise ExpressionError(f"{token.value!r} does not fit here", offset=token.lineno, hint=hint)
    except TemplateSyntaxError as error:
        offset = min(error.lineno, len(text))
        message = "the expression ends too early" if "end of" in (error.message or "") else error.message
        raise ExpressionError(message or "not an expression", offset=offset) from None
    return expression


class _Reader:
    def __init__(self, catalogue: Catalogue):
        self.catalogue = catalogue

    def read(self, node: nodes.Node, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise ExpressionError("the expression is nested too deeply", offset=node.lineno)
        reader = _READERS.get(type(node))
        if reader is None:
            what = type(node).__name__.lower()
            hint = f"allowed functions: {', '.join(FUNCTIONS)}" if isinstance(node, nodes.Filter) else None
            _refuse(node, f"{what} is not part of the language", hint=hint)
        return reader(self, node, depth + 1)

    def constant(self, node: nodes.Const, depth: int) -> Node:
        kinds: dict[type, Kind] = {bool: "bool", int: "number", float: "number", str: "text"}
        kind = kinds.get(type(node.value))
        if kind is None:
            _refuse(node, "none is not a value", hint="ask with 'is missing' or 'is set'")
        if kind == "number" and not abs(node.value) <= LARGEST:
            _refuse(node, "a number has at most 15 digits")
        if kind == "text" and ("\0" in node.value or any("\ud800" <= sign <= "\udfff" for sign in node.value)):
            _refuse(node, "this text has a character that no text can hold")
        return Literal_(kind, node.lineno, node.value)

    def fact(self, node: nodes.Name | nodes.Getattr | nodes.Getitem, depth: int) -> Node:
        start, path = self._path(node)
        if path.startswith("sent."):
            path = path.replace("-", "_")
        kind = self.catalogue.kind(path)
        if kind is None:
            hint = self.catalogue.way_out(path)
            raise ExpressionError(f"nobody knows the fact {path}", offset=start, code="unknown-fact", hint=hint)
        return Fact(kind, start, path)

    def _path(self, node: nodes.Node) -> tuple[int, str]:
        if isinstance(node, nodes.Name):
            return node.lineno, node.name
        if isinstance(node, nodes.Getattr):
            start, path = self._path(node.node)
            return start, f"{path}.{node.attr}"
        if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            start, path = self._path(node.node)
            return start, f"{path}.{node.arg.value}"
        _refuse(node, "only facts by their name can be asked")

    def items(self, node: nodes.List | nodes.Tuple, depth: int) -> Node:
        items = tuple(self.read(item, depth) for item in node.items)
        if not items or any(not isinstance(item, Literal_) for item in items) or len({i.kind for i in items}) > 1:
            _refuse(node, "a list holds values of one kind")
        return Items("list", node.lineno, items)

    def logic(self, node: nodes.And | nodes.Or, depth: int) -> Node:
        parts: list[nodes.Node] = []
        rest: nodes.Node = node
        while type(rest) is type(node):
            parts.insert(0, cast(nodes.BinExpr, rest).right)
            rest = cast(nodes.BinExpr, rest).left
        read = tuple(_truth(self.read(part, depth)) for part in (rest, *parts))
        return Logic("bool", read[0].start, "and" if isinstance(node, nodes.And) else "or", read)

    def opposite(self, node: nodes.Not, depth: int) -> Node:
        part = self.read(node.node, depth)
        if isinstance(part, Missing):
            return Missing("bool", part.start, part.part, not part.negated)
        return Not("bool", node.lineno, _truth(part))

    def test(self, node: nodes.Test, depth: int) -> Node:
        if node.name not in ("missing", "set") or node.args:
            close = nearest(node.name, ("missing", "set"))
            _refuse(node, f"'is {node.name}' is not part of the language", hint=f"write: is {close or 'missing'}")
        part = self.read(node.node, depth)
        return Missing("bool", part.start, part, node.name == "set")

    def compare(self, node: nodes.Compare, depth: int) -> Node:
        parts: list[Node] = []
        left = self.read(node.expr, depth)
        for operand in node.ops:
            right = self.read(operand.expr, depth)
            parts.append(_compared(operand.op, left, right))
            left = right
        return parts[0] if len(parts) == 1 else Logic("bool", parts[0].start, "and", tuple(parts))

    def arithmetic(self, node: nodes.BinExpr, depth: int) -> Node:
        sides = [self.read(side, depth) for side in (node.left, node.right)]
        for side in sides:
            if side.kind not in ("number", "any"):
                hint = "use days_until(…) or days_since(…)" if side.kind in ("date", "instant") else None
                raise ExpressionError(f"a {side.kind} cannot be reckoned with", offset=side.start, hint=hint)
        op = _ARITHMETIC[type(node)]
        made = Arithmetic("number", sides[0].start, op, sides[0], sides[1])  # type: ignore[arg-type]
        if _numbers_in(made) > MAX_NUMBERS:
            raise ExpressionError(f"a sum has at most {MAX_NUMBERS} numbers", offset=made.start)
        return made

    def negative(self, node: nodes.Neg, depth: int) -> Node:
        part = self.read(node.node, depth)
        if not isinstance(part, Literal_) or part.kind != "number":
            _refuse(node, "'-' stands before a number only")
        return Literal_("number", node.lineno, -part.value)  # type: ignore[operator]

    def call(self, node: nodes.Call, depth: int) -> Node:
        name = node.node.name if isinstance(node.node, nodes.Name) else "that"
        if name in HEARING:
            return _heard(node, name)
        if name not in FUNCTIONS:
            hint = way_out(name, (*FUNCTIONS, *HEARING))
            raise ExpressionError(f"{name} is not a function", offset=_start(node), code="unknown-function", hint=hint)
        takes, most, gives = FUNCTIONS[name]
        arguments = tuple(self.read(argument, depth) for argument in node.args)
        if node.kwargs or node.dyn_args or node.dyn_kwargs or not 1 <= len(arguments) <= most:
            _refuse(node, f"{name} takes {'one value' if most == 1 else 'values'}")
        for argument in arguments:
            if argument.kind not in (*takes, "any"):
                message = f"{name} takes {' or '.join(takes)}, not {argument.kind}"
                raise ExpressionError(message, offset=argument.start)
        kinds = {argument.kind for argument in arguments} - {"any"}
        if gives is None and len(kinds) > 1:
            _refuse(node, f"{name} cannot mix dates and instants")
        kind: Kind = next(iter(kinds), "any") if gives is None else gives
        return Call(kind, _start(node), name, arguments)


def _numbers_in(node: Node) -> int:
    return _numbers_in(node.left) + _numbers_in(node.right) if isinstance(node, Arithmetic) else 1


def _heard(node: nodes.Call, name: str) -> Node:
    """`count("name", days=14)` and its like: the event and the window are written, never reckoned."""
    windowed = name != "days_since_event"
    shape = f'{name}("report.created"' + (", days=14)" if windowed else ")")
    event = node.args[0].value if len(node.args) == 1 and isinstance(node.args[0], nodes.Const) else None
    if not isinstance(event, str) or node.dyn_args or node.dyn_kwargs:
        _refuse(node, f"{name} takes the name of one event", hint=f"write it as {shape}")
    if not is_use(event) or not event or not event.isprintable():
        message = f"{event!r} is not use of the product, so nothing is counted"
        raise ExpressionError(message, offset=node.args[0].lineno, code="not-use")
    if [keyword.key for keyword in node.kwargs] != (["days"] if windowed else []):
        message = f"{name} needs days=…, and nothing else" if windowed else f"{name} takes no more than the event"
        _refuse(node, message, hint=f"write it as {shape}")
    days = node.kwargs[0].value if windowed else nodes.Const(LOOK_BACK)
    whole = isinstance(days, nodes.Const) and type(days.value) is int
    if not whole or not 1 <= cast(nodes.Const, days).value <= LOOK_BACK:
        message = f"days is a whole number from 1 to {LOOK_BACK}"
        raise ExpressionError(message, offset=days.lineno, code="bad-window")
    return Heard("number", _start(node), name, event, cast(nodes.Const, days).value)  # type: ignore[arg-type]


def _start(node: nodes.Node) -> int:
    return node.node.lineno if isinstance(node, nodes.Call) else node.lineno


def _refuse(node: nodes.Node, message: str, *, hint: str | None = None) -> NoReturn:
    raise ExpressionError(message, offset=_start(node), hint=hint)


def _truth(node: Node) -> Node:
    if node.kind not in ("bool", "any"):
        hint = "compare it, or ask 'is set'"
        raise ExpressionError(f"a {node.kind} is neither true nor false", offset=node.start, hint=hint)
    return node


def _compared(op: str, left: Node, right: Node) -> Node:
    if op in ("in", "notin"):
        return _membership(op, left, right)
    left, right = _as(left, right.kind), _as(right, left.kind)
    kinds = {left.kind, right.kind} - {"any"}
    if len(kinds) > 1:
        raise ExpressionError(f"a {left.kind} cannot be compared with a {right.kind}", offset=left.start)
    if kinds & {"list", "object"}:
        raise ExpressionError("a list is asked with 'in'", offset=left.start)
    if op not in ("eq", "ne") and kinds - set(_ORDERED):
        raise ExpressionError(f"a {kinds.pop()} has no order", offset=left.start)
    return Compare("bool", left.start, op, left, right)  # type: ignore[arg-type]


def _membership(op: str, left: Node, right: Node) -> Node:
    if isinstance(right, Items):
        right = Items("list", right.start, tuple(_as(item, left.kind) for item in right.items))
        inner = right.items[0].kind
        if left.kind not in (inner, "any"):
            raise ExpressionError(f"a {left.kind} is never in a list of {inner}", offset=left.start)
    elif right.kind not in ("list", "any"):
        raise ExpressionError(f"'in' needs a list, not a {right.kind}", offset=right.start)
    return Compare("bool", left.start, op, left, right)  # type: ignore[arg-type]


def _as(node: Node, kind: Kind) -> Node:
    """A text literal beside a date is that date; one that is no date is refused."""
    if not isinstance(node, Literal_) or node.kind != "text" or kind not in ("date", "instant"):
        return node
    value = coerce(kind, node.value)
    if value is None:
        hint = f"write it as {date(2027, 3, 31).isoformat()}"
        raise ExpressionError(f"{node.value!r} is no {kind}", offset=node.start, code="impossible-date", hint=hint)
    return Literal_(kind, node.start, value)


_READERS: dict[type[nodes.Node], Callable[..., Node]] = {
    nodes.Const: _Reader.constant,
    nodes.Name: _Reader.fact,
    nodes.Getattr: _Reader.fact,
    nodes.Getitem: _Reader.fact,
    nodes.List: _Reader.items,
    nodes.Tuple: _Reader.items,
    nodes.And: _Reader.logic,
    nodes.Or: _Reader.logic,
    nodes.Not: _Reader.opposite,
    nodes.Test: _Reader.test,
    nodes.Compare: _Reader.compare,
    nodes.Neg: _Reader.negative,
    nodes.Call: _Reader.call,
    **dict.fromkeys(_ARITHMETIC, _Reader.arithmetic),
}
