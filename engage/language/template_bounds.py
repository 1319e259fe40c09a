"""How large and how deep a template may be, so that reading and filling it in takes bounded time and memory."""

from __future__ import annotations

from jinja2 import nodes

DEEPEST = 60
MOST_PARTS = 6000
LARGEST_EXPRESSION = 200
_WHOLE = (nodes.Template, nodes.Output, nodes.If, nodes.For)


def too_much(tree: nodes.Template) -> tuple[str, int] | None:
    """What makes the template too large, and in which line; None for one that people would write."""
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    parts = 0
    while waiting:
        node, depth = waiting.pop()
        parts += 1
        if depth > DEEPEST:
            return f"it is nested more than {DEEPEST} deep", node.lineno or 1
        if parts > MOST_PARTS:
            return f"it has more than {MOST_PARTS} parts", node.lineno or 1
        if not isinstance(node, _WHOLE) and _is_longer(node):
            return f"an expression has at most {LARGEST_EXPRESSION} parts", node.lineno or 1
        waiting += [(child, depth + 1) for child in node.iter_child_nodes()]
    return None


def _is_longer(node: nodes.Node) -> bool:
    """Whether an expression has too many parts; asked of every part, so that none of them is looked at for long."""
    return sum(1 for _ in node.iter_child_nodes()) > LARGEST_EXPRESSION
