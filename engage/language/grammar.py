"""Reads Jinja2's expression syntax into the typed tree: everything not listed here is refused, with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import NoReturn, cast

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from engage.language.catalogue import Catalogue, Kind, nearest
from engage.language.tree import Arithmetic, Call, Compare, Fact, Items, Literal_, Logic, Missing, Node, Not
from engage.language.values import coerce

MAX_LENGTH = 2000
MAX_DEPTH = 30
FUNCTIONS: dict[str, tuple[tuple[Kind, ...], int, Kind | None]] = {
    "earliest": (("date", "instant"), 20, None),
    "latest": (("date", "instant"), 20, None),
    "days_until": (("date", "instant"), 1, "number"),
    "days_since": (("date", "instant"), 1, "number"),
    "lower": (("text",), 1, "text"),
}
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


def read_tree(text: str, catalogue: Catalogue) -> Node:
    """The typed tree of an expression, or ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression has at most {MAX_LENGTH} characters", offset=0)
    if not text.strip():
        raise ExpressionError("the expression is empty", offset=0)
    try:
        return _Reader(catalogue).read(_syntax(text), 0)
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply", offset=0) from None


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
        return Literal_(kind, node.lineno, node.value)

    def fact(self, node: nodes.Name | nodes.Getattr | nodes.Getitem, depth: int) -> Node:
        start, path = self._path(node)
        if path.startswith("sent."):
            path = path.replace("-", "_")
        kind = self.catalogue.kind(path)
        if kind is None:
            close = self.catalogue.nearest(path)
            hint = f"did you mean {close}?" if close else "declare it in _shared/facts.yaml"
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
        return Arithmetic("number", sides[0].start, op, sides[0], sides[1])  # type: ignore[arg-type]

    def negative(self, node: nodes.Neg, depth: int) -> Node:
        part = self.read(node.node, depth)
        if not isinstance(part, Literal_) or part.kind != "number":
            _refuse(node, "'-' stands before a number only")
        return Literal_("number", node.lineno, -part.value)  # type: ignore[operator]

    def call(self, node: nodes.Call, depth: int) -> Node:
        name = node.node.name if isinstance(node.node, nodes.Name) else "that"
        if name not in FUNCTIONS:
            close = nearest(name, FUNCTIONS)
            hint = f"did you mean {close}?" if close else f"allowed: {', '.join(FUNCTIONS)}"
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
