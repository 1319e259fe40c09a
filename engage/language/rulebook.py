"""What each rule of `check` says of itself: read from the docstrings, so that page, command and code agree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any

_HEAD = re.compile(r"(Codes?|Why|Way out|Wrong|Right)(?: \(([a-z_-]+)\))?:(?:\s+(.*))?")


@dataclass(frozen=True)
class Example:
    """The smallest text that a rule complains about, and the same text mended; both lie over `rule_examples.BASE`."""

    code: str
    wrong: str
    right: str


@dataclass(frozen=True)
class RuleText:
    """One rule: its codes, what is wrong, why it matters, the way out."""

    name: str
    codes: tuple[str, ...]
    what: str
    why: str
    way_out: str
    examples: tuple[Example, ...]


def text_of_rule(rule: Callable[..., Any]) -> RuleText:
    """A rule as its docstring tells it: what is wrong, `Code`, `Why`, `Way out`, then pairs of `Wrong` and `Right`."""
    what, sections = _sections(cleandoc(rule.__doc__ or ""))
    said = {head: body for head, _, body in sections}
    codes = tuple((said.get("Code") or said.get("Codes") or "").replace(",", " ").split())
    texts = [(code, cleandoc(body)) for head, code, body in sections if head in ("Wrong", "Right")]
    pairs = zip(texts[::2], texts[1::2], strict=True)
    examples = tuple(Example(code or codes[0], wrong, right) for (code, wrong), (_, right) in pairs)
    name = rule.__name__.replace("_", " ")
    return RuleText(name, codes, what, _flat(said.get("Why", "")), _flat(said.get("Way out", "")), examples)


def by_code(rules: Iterable[Callable[..., Any]]) -> dict[str, list[RuleText]]:
    """Every rule text under each of its codes."""
    found: dict[str, list[RuleText]] = {}
    for text in map(text_of_rule, rules):
        for code in text.codes:
            found.setdefault(code, []).append(text)
    return found


def _sections(text: str) -> tuple[str, list[tuple[str, str, str]]]:
    what, _, rest = text.partition("\n")
    sections: list[tuple[str, str, list[str]]] = []
    for line in rest.splitlines():
        head = _HEAD.fullmatch(line)
        if head:
            sections.append((head[1], head[2] or "", [f"    {head[3]}"] if head[3] else []))
        elif sections:
            sections[-1][2].append(line)
    return what, [(head, code, "\n".join(lines).strip("\n")) for head, code, lines in sections]


def _flat(text: str) -> str:
    return " ".join(text.split())
