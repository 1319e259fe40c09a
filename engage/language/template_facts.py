"""Which facts a template's source names, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream

from engage.language.template_bounds import too_much
from engage.language.templates import SECTION

UNSUBSCRIBE, PREFERENCES, CONFIRM = "unsubscribe_url", "preferences_url", "confirm_url"
OUR_LINKS = frozenset({UNSUBSCRIBE, PREFERENCES, CONFIRM})
"""Links to our own pages, made for each message."""
CONTEXT = OUR_LINKS | {"salutation", "salutation_short", "unsubscribe_topic", "locale", "loop", SECTION}
"""What rendering adds to the facts."""
ANSWER_URL = "answer_url"
"""And the links by which a question is answered: `answer_url.<question>.<choice>`."""


@dataclass(frozen=True)
class NamedFact:
    """A fact's path and the character where it is named."""

    path: str
    offset: int


def root_of(path: str) -> str:
    """The first word of a path."""
    return path.partition(".")[0]


@dataclass(frozen=True)
class ComparedWord:
    """A word with which a fact is compared, and the character where it stands."""

    path: str
    word: str
    offset: int


class TemplateSourceError(Exception):
    """A source that is no template; `offset` says where."""

    def __init__(self, message: str, offset: int):
        super().__init__(message)
        self.message, self.offset = message, offset


class _Placed(Environment):
    """Puts the character offset where Jinja2 keeps the line; whitespace control may have taken some in between."""

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        return TokenStream(self.lexer.wrap(self._offsets(source, state), name, filename), name, filename)

    def _offsets(self, source: str, state: str | None) -> Iterator[tuple[int, str, str]]:
        offset = 0
        try:
            for _, token, value in self.lexer.tokeniter(source, None, None, state):
                found = source.find(value, offset)
                start = offset if found < 0 else found
                yield start, token, value
                offset = start + len(value)
        except TemplateSyntaxError as error:
            raise TemplateSourceError(error.message or "it cannot be read", offset) from None


_ENVIRONMENT = _Placed(keep_trailing_newline=True)


@lru_cache(maxsize=1024)  # each rule asks the same sources
def facts_named(source: str) -> tuple[NamedFact, ...]:
    """Every fact named in the source, loop variables left out; raises TemplateSourceError."""
    return tuple(_facts(tree_of(source), CONTEXT))


def words_compared(source: str) -> list[ComparedWord]:
    """Every word with which the source compares a fact, as in `account.phase == "renewal"`."""
    return [found for part in tree_of(source).find_all(nodes.Compare) for found in _compared(part)]


def _compared(part: nodes.Compare) -> Iterator[ComparedWord]:
    sides = [part.expr, *(operand.expr for operand in part.ops)]
    facts = [fact for side in sides if isinstance(side, nodes.Getattr) for fact in fact_at(side, CONTEXT)]
    items = [item for side in sides for item in (side.items if isinstance(side, nodes.List | nodes.Tuple) else [side])]
    for item in items:
        if isinstance(item, nodes.Const) and isinstance(item.value, str):
            yield from (ComparedWord(fact.path, item.value, item.lineno) for fact in facts)


def tree_of(source: str) -> nodes.Template:
    """The source read, with the character offset in place of each line; raises TemplateSourceError."""
    try:
        tree = _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        raise TemplateSourceError(error.message or "it cannot be read", min(error.lineno, len(source))) from None
    except RecursionError:
        raise TemplateSourceError("it is nested too deeply", 0) from None
    except ValueError:
        raise TemplateSourceError("a number has at most 15 digits", 0) from None
    found = too_much(tree)
    if found:
        raise TemplateSourceError(found[0], min(found[1], len(source)))
    return tree


def _facts(node: nodes.Node, local: frozenset[str]) -> Iterator[NamedFact]:
    if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
        yield from fact_at(node, local)
        return
    if isinstance(node, nodes.For):
        yield from _facts(node.iter, local)
        inside = local | {name.name for name in names_in(node.target)}
        for child in (*node.body, *node.else_, *([node.test] if node.test else [])):
            yield from _facts(child, inside)
        return
    for child in node.iter_child_nodes():
        yield from _facts(child, local)


def fact_at(node: nodes.Name | nodes.Getattr | nodes.Getitem, local: frozenset[str]) -> Iterator[NamedFact]:
    """The fact that this part of a source names; nothing for a variable of a loop."""
    parts: list[str] = []
    inner: nodes.Node = node
    while isinstance(inner, nodes.Getattr | nodes.Getitem):
        if isinstance(inner, nodes.Getattr):
            parts.insert(0, inner.attr)
        elif isinstance(inner.arg, nodes.Const) and isinstance(inner.arg.value, str):
            parts.insert(0, inner.arg.value)
        else:
            parts.clear()  # an item of a list: only the list itself is a known fact
        inner = inner.node
    if isinstance(inner, nodes.Name):
        if inner.name not in local:
            yield NamedFact(".".join([inner.name, *parts]), inner.lineno)
    else:
        yield from _facts(inner, local)


def names_in(target: nodes.Node) -> list[nodes.Name]:
    """The variables that a loop sets."""
    return [target] if isinstance(target, nodes.Name) else list(target.find_all(nodes.Name))
