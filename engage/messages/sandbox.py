"""The bounded template language: plain data in, listed constructs only, nothing missing is ever printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes, pass_eval_context
from jinja2.filters import FILTERS
from jinja2.nodes import EvalContext
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

from engage.errors import PlaybookError, Problem
from engage.language.template_bounds import too_much
from engage.language.values import LARGEST
from engage.messages.formats import filters_for, language_of
from engage.messages.spending import LETTERS, LONGEST_TEXT, BoundedTemplate, paid, spend

LONGEST_LOOP = 500
DEEPEST_LOOP = 2
LARGEST_SOURCE = 256 * 1024
_FILTERS = (
    "abs",
    "capitalize",
    "default",
    "first",
    "last",
    "length",
    "lower",
    "title",
    "trim",
    "upper",
)
_LOOP_WORDS = frozenset({"index", "index0", "first", "last", "length"})
_TESTS = ("defined", "even", "none", "number", "odd", "string", "undefined")
_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.Filter,
    nodes.Test,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Add,
    nodes.Sub,
    nodes.Concat,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
)


class Missing(StrictUndefined):
    """A fact that is not there: false, in no comparison true, and an error where it would be printed."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    def _false(self, _other: object) -> bool:
        return False

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _false  # type: ignore[assignment]
    __hash__ = object.__hash__  # type: ignore[assignment]


class Sandbox(ImmutableSandboxedEnvironment):
    """Dots reach into plain data only; there are no methods, no calls and no globals."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The fact under a name, or `Missing` with the whole path."""
        if isinstance(obj, dict):
            found = obj.get(attribute)
            if found is not None:
                return found
        elif isinstance(obj, LoopContext) and attribute in _LOOP_WORDS:
            return getattr(obj, attribute)
        if isinstance(obj, Missing):
            return Missing(name=f"{obj._undefined_name}.{attribute}")
        return Missing(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """The fact under a name or at a place in a list."""
        if isinstance(obj, list | tuple) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        return self.getattr(obj, str(argument))


@lru_cache(maxsize=8)
def _environment(language: str, html: bool) -> Sandbox:
    env = Sandbox(undefined=Missing, autoescape=html, cache_size=0, auto_reload=False)
    env.globals.clear()
    env.template_class = BoundedTemplate
    env.filters = {name: FILTERS[name] for name in _FILTERS} | {"join": pass_eval_context(_join), "round": _round}
    env.filters |= filters_for(language, html=html)
    env.filters = {name: _paid(made) for name, made in env.filters.items()} | {"_rows": _rows}
    env.tests = {name: env.tests[name] for name in _TESTS} | {
        "missing": _is_missing,
        "set": lambda value: not _is_missing(value),
    }
    return env


def compile_source(source: str, *, locale: str, html: bool, where: str) -> Template:
    """The compiled template; raises PlaybookError with the place of everything it may not contain."""
    env = _environment(language_of(locale), html)
    tree = _parse(env, source, where)
    problems = list(_complaints(tree, env, where))
    if problems:
        raise PlaybookError(problems)
    loops = list(tree.find_all(nodes.For))
    for loop in loops:
        weight = nodes.Const(1 + sum(1 for _ in loop.find_all(nodes.Node)))
        loop.iter = nodes.Filter(loop.iter, "_rows", [weight], [], None, None, lineno=loop.lineno)
    template = env.from_string(tree)
    template.has_loops = bool(loops)  # type: ignore[attr-defined]
    return template


def paths_used(source: str, *, locale: str, where: str) -> frozenset[tuple[str, ...]]:
    """Every fact the source reads, as paths; loop variables count as the list they come from."""
    tree = _parse(_environment(language_of(locale), False), source, where)
    return frozenset(_paths(tree, frozenset()))


def _parse(env: Sandbox, source: str, where: str) -> nodes.Template:
    if len(source) > LARGEST_SOURCE:
        raise PlaybookError([Problem(where, 1, 1, "template-too-large", "the template is larger than 256 KB")])
    try:
        tree = env.parse(source)
    except TemplateSyntaxError as error:
        problem = Problem(where, error.lineno, 1, "template-syntax", error.message or "this cannot be read")
        raise PlaybookError([problem]) from error
    except (RecursionError, ValueError) as error:  # nested without end, or a number of thousands of digits
        problem = Problem(where, 1, 1, "template-too-large", "an expression is nested too deeply, or a number too long")
        raise PlaybookError([problem]) from error
    found = too_much(tree)
    if found:
        raise PlaybookError([Problem(where, found[1], 1, "template-too-large", found[0])])
    return tree


def _complaints(node: nodes.Node, env: Sandbox, where: str, depth: int = 0) -> Iterator[Problem]:
    reason = _refusal(node, env, depth)
    if reason:
        yield Problem(where, node.lineno or 1, 1, "template-not-allowed", reason, "templates may only show facts")
        return
    deeper = depth + isinstance(node, nodes.For)
    for child in node.iter_child_nodes():
        yield from _complaints(child, env, where, deeper)


def _refusal(node: nodes.Node, env: Sandbox, depth: int) -> str | None:
    match node:
        case nodes.Filter() if node.name not in env.filters or node.name.startswith("_"):
            return f'there is no filter "{node.name}"'
        case nodes.Test() if node.name not in env.tests:
            return f'there is no test "is {node.name}"'
        case nodes.For() if node.recursive or depth >= DEEPEST_LOOP:
            return "loops may be nested twice at most and not call themselves"
        case nodes.For() if not isinstance(node.iter, nodes.Name | nodes.Getattr | nodes.Getitem):
            return "a loop goes over a list among the facts"
        case nodes.Getitem() if not (isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str | int)):
            return "square brackets take a name or a number"
        case nodes.Getitem(arg=nodes.Const(value=str() as name)) if name.startswith("_"):
            return f'the name "{name}" is not a fact'
        case nodes.Const(value=int() | float() as number) if not -LARGEST <= number <= LARGEST:
            return "a number has at most 15 digits"
        case nodes.Name() if node.name.startswith("_") or (node.ctx == "store" and node.name == "loop"):
            return f'the name "{node.name}" is not a fact'
        case nodes.Getattr() if node.attr.startswith("_"):
            return f'the name "{node.attr}" is not a fact'
    if isinstance(node, (*_ALLOWED, nodes.Keyword)):
        return None
    return f'"{type(node).__name__.lower()}" is not part of the template language'


def _paths(node: nodes.Node, local: frozenset[str]) -> Iterator[tuple[str, ...]]:
    if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
        path = _path(node)
        if path and path[0] not in local and path[0] != "loop":
            yield path
        return
    if isinstance(node, nodes.For):
        yield from _paths(node.iter, local)
        local |= _named(node.target)
    for child in node.iter_child_nodes():
        yield from _paths(child, local)


def _named(target: nodes.Node) -> frozenset[str]:
    if isinstance(target, nodes.Name):
        return frozenset({target.name})
    return frozenset(name.name for name in target.find_all(nodes.Name))


def _path(node: nodes.Node) -> tuple[str, ...]:
    match node:
        case nodes.Name():
            return (node.name,)
        case nodes.Getattr():
            return (*_path(node.node), node.attr)
        case nodes.Getitem(arg=nodes.Const(value=str() as name)):
            return (*_path(node.node), name)
        case nodes.Getitem():
            return _path(node.node)
    return ()


def _rows(value: Any, weight: int) -> list[Any] | tuple[Any, ...]:
    """What a loop goes over: a list of bounded length, each of its rounds paid for."""
    if not isinstance(value, list | tuple):
        raise ValueError("a loop goes over a list among the facts")
    rows = value[:LONGEST_LOOP]
    spend(weight * len(rows))
    return rows


def _join(eval_ctx: EvalContext, value: Any, between: str = "") -> Any:
    """The parts of a list as one text, if that is not too long."""
    parts = [part if isinstance(part, str) else str(part) for part in value[:LONGEST_LOOP]]
    length = sum(map(len, parts)) + len(parts) * len(between)
    if length > LONGEST_TEXT:
        raise ValueError(f"the text has more than {LONGEST_TEXT:,} characters")
    spend(length // LETTERS)
    return escape(between).join(parts) if eval_ctx.autoescape else str(between).join(parts)


def _round(value: Any, digits: int = 0, method: str = "common") -> Any:
    """Rounded to a few digits: to billions of them would take for ever."""
    return FILTERS["round"](value, max(-15, min(int(digits), 15)), method)


def _paid(made: Any) -> Any:
    """The filter, paid for; those that ask for Jinja2's context still get it."""
    charged = paid(made)
    mark = getattr(made, "jinja_pass_arg", None)
    if mark is not None:
        charged.jinja_pass_arg = mark  # type: ignore[attr-defined]
    return charged


def _is_missing(value: Any) -> bool:
    return isinstance(value, Missing) or value is None or (isinstance(value, str | list | Mapping) and not value)
