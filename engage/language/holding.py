"""Can a condition ever hold? Answers "no" only when sure: what it does not understand may hold."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any

from engage.language.tree import Compare, Fact, Items, Literal_, Logic, Missing, Node, Not, text_of

_EITHER = frozenset({True, False})
MOST_WAYS = 64  # ways in which several `or` combine; beyond that anything may hold
_OPPOSITE = {
    "eq": "ne",
    "ne": "eq",
    "lt": "gteq",
    "gteq": "lt",
    "gt": "lteq",
    "lteq": "gt",
    "in": "notin",
    "notin": "in",
}
_TURNED = {"lt": "gt", "gt": "lt", "lteq": "gteq", "gteq": "lteq"}
_ORDER = {"lt": operator.lt, "lteq": operator.le, "gt": operator.gt, "gteq": operator.ge}


@dataclass(frozen=True)
class Claim:
    """One thing that is said of one fact, or of what a function makes of facts."""

    path: str
    op: str  # of Compare, or "set", "missing"
    value: Any = None
    kind: str = "any"


@dataclass(frozen=True)
class _Known:
    """What all the claims about one fact leave open."""

    missing: bool | None = None
    among: frozenset[Any] | None = None
    never: frozenset[Any] = frozenset()
    bounds: tuple[tuple[str, Any], ...] = ()

    def may_be(self) -> bool:
        """Whether anything is left."""
        if self.among is not None and not any(self._fits(value) for value in self.among):
            return False
        return self.missing is True or not self._is_empty_span()

    def _fits(self, value: Any) -> bool:
        if value in self.never:
            return False
        try:
            return all(_ORDER[op](value, bound) for op, bound in self.bounds)
        except TypeError:
            return True

    def _is_empty_span(self) -> bool:
        lows = [(value, op == "gt") for op, value in self.bounds if op in ("gt", "gteq")]
        highs = [(value, op == "lt") for op, value in self.bounds if op in ("lt", "lteq")]
        try:
            return any(low > high or (low == high and (a or b)) for low, a in lows for high, b in highs)
        except TypeError:
            return False


def can_hold(*conditions: Node) -> bool:
    """Whether all of the conditions could hold at the same moment."""
    ways = product(*(list(islice(_ways(condition, wanted=True), MOST_WAYS + 1)) for condition in conditions))
    tried = list(islice(ways, MOST_WAYS + 1))
    if len(tried) > MOST_WAYS:
        return True
    return any(_agree([claim for part in way for claim in part]) for way in tried)


def implies(first: Node, second: Node) -> bool:
    """Whether the second condition surely holds whenever the first does."""
    if text_of(first) == text_of(second):
        return True
    refusals = list(islice(_ways(second, wanted=False), MOST_WAYS + 1))
    held = list(islice(_ways(first, wanted=True), MOST_WAYS + 1))
    if len(refusals) * len(held) > MOST_WAYS or any(not way for way in refusals):
        return False
    return not any(_agree([*way, *refusal]) for way in held for refusal in refusals)


def _ways(node: Node, *, wanted: bool) -> Iterator[list[Claim]]:
    """Each way in which the node can be true (or not true), as claims; an empty list claims nothing."""
    match node:
        case Literal_(value=bool() as value):
            if value is wanted:
                yield []
        case Not():
            yield from _ways(node.part, wanted=not wanted)
        case Logic() if (node.op == "and") is wanted:
            parts = [list(islice(_ways(part, wanted=wanted), MOST_WAYS + 1)) for part in node.parts]
            for way in product(*parts):
                yield [claim for part in way for claim in part]
        case Logic():
            for part in node.parts:
                yield from _ways(part, wanted=wanted)
        case Missing():
            yield [Claim(text_of(node.part), "missing" if node.negated is not wanted else "set")]
        case Fact(kind="bool", path=path):
            yield from _of_claim(Claim(path, "eq", True, "bool"), wanted)
        case Compare():
            claim = _claim(node)
            if claim is None:
                yield []
            else:
                yield from _of_claim(claim, wanted)
        case _:
            yield []


def _of_claim(claim: Claim, wanted: bool) -> Iterator[list[Claim]]:
    if wanted:
        yield [claim]
        return
    yield [Claim(claim.path, "missing")]
    yield [replace(claim, op=_OPPOSITE[claim.op])]


def _claim(node: Compare) -> Claim | None:
    left, right, op = node.left, node.right, node.op
    if isinstance(left, Literal_) and not isinstance(right, Literal_ | Items):
        if op in ("in", "notin"):
            return None  # membership of a list that customers have
        return Claim(text_of(right), _TURNED.get(op, op), left.value, right.kind)
    if isinstance(left, Literal_):
        return None
    if isinstance(right, Literal_):
        return Claim(text_of(left), op, right.value, left.kind)
    if isinstance(right, Items) and op in ("in", "notin"):
        values = frozenset(item.value for item in right.items if isinstance(item, Literal_))
        return Claim(text_of(left), op, values, left.kind)
    return None


def _agree(claims: list[Claim]) -> bool:
    about: dict[str, _Known] = {}
    for claim in claims:
        begun = _Known(among=_EITHER) if claim.kind == "bool" else _Known()
        said = _with(about.get(claim.path, begun), claim)
        if said is None or not (said.missing is True or said.may_be()):
            return False
        about[claim.path] = said
    return True


def _with(known: _Known, claim: Claim) -> _Known | None:
    """What is left when the claim is true, too; None when it cannot be."""
    missing = claim.op == "missing"
    if known.missing is not None and known.missing is not missing:
        return None
    known = replace(known, missing=missing)
    match claim.op:
        case "eq" | "in":
            values = claim.value if claim.op == "in" else frozenset({claim.value})
            return replace(known, among=values if known.among is None else known.among & values)
        case "ne" | "notin":
            values = claim.value if claim.op == "notin" else frozenset({claim.value})
            return replace(known, never=known.never | values)
        case "lt" | "lteq" | "gt" | "gteq":
            return replace(known, bounds=(*known.bounds, (claim.op, claim.value)))
    return known
