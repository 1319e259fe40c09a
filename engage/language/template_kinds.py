"""Which type of fact a template counts on, by what it does with it: a filter or a loop takes only some."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import nodes

from engage.language.catalogue import Kind
from engage.language.template_facts import CONTEXT, fact_at, tree_of

_A_DAY: frozenset[Kind] = frozenset({"date", "instant"})
_TAKES: dict[str, frozenset[Kind]] = {
    "date": _A_DAY,
    "business_days_later": _A_DAY,
    **dict.fromkeys(("number", "money", "percent", "plural", "round", "abs", "progress_chart"), frozenset({"number"})),
    **dict.fromkeys(("lines", "safe_url", "capitalize", "lower", "title", "trim", "upper"), frozenset({"text"})),
    **dict.fromkeys(("join", "first", "last", "weekly_chart"), frozenset({"list"})),
}
"""What a filter of message templates can work with."""


@dataclass(frozen=True)
class WantedKind:
    """A fact, the types that would do there, what asks for them, and the character where the fact is named."""

    path: str
    kinds: frozenset[Kind]
    asked_by: str
    offset: int


def kinds_wanted(source: str) -> list[WantedKind]:
    """Every fact that a filter or a loop works on, with the types that it takes; raises TemplateSourceError."""
    return list(_wanted(tree_of(source), CONTEXT))


def _wanted(node: nodes.Node, local: frozenset[str]) -> Iterator[WantedKind]:
    if isinstance(node, nodes.For):
        yield from _of(node.iter, frozenset({"list"}), "the loop", local)
        local |= {
            name.name for name in [node.target, *node.target.find_all(nodes.Name)] if isinstance(name, nodes.Name)
        }
    if isinstance(node, nodes.Filter) and node.node is not None and node.name in _TAKES:
        yield from _of(node.node, _TAKES[node.name], f'the filter "{node.name}"', local)
    for child in node.iter_child_nodes():
        yield from _wanted(child, local)


def _of(node: nodes.Node, kinds: frozenset[Kind], asked_by: str, local: frozenset[str]) -> Iterator[WantedKind]:
    while isinstance(node, nodes.Filter) and node.name == "default" and node.node is not None:
        node = node.node  # what stands in for a missing fact is of its type
    if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem) and not _is_item(node):
        yield from (WantedKind(fact.path, kinds, asked_by, fact.offset) for fact in fact_at(node, local))


def _is_item(node: nodes.Node) -> bool:
    """Whether it reaches into a list: of its items no type is known."""
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getitem) and not (
            isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str)
        ):
            return True
        node = node.node
    return False
