"""Values in a customer's data that `_shared/` does not know: conditions would never find the customer by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from engage.customers.trait_values import typed
from engage.language.guessing import nearest
from engage.language.vocabulary import Vocabulary
from engage.language.words import Recipient, Text

Words = Mapping[str, Text | None]
_ROLES: dict[str, Text | None] = {role: None for role in get_args(Recipient) if role != "contact"}
_LIKE = {"date": "2027-03-31", "number": "120", "bool": "yes", "instant": "2027-03-31T09:00:00Z"}


@dataclass(frozen=True, slots=True)
class Declared:
    """What facts about a customer may be: the words of each, and what people call them; or its type."""

    words: Mapping[str, Words] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)


def declared_by(vocabulary: Vocabulary) -> Declared:
    """What each fact about a customer may be, where that is declared."""
    topics: Words = {topic: said.title for topic, said in vocabulary.topics.items()}
    fixed: dict[str, Words] = {"contact.roles": _ROLES, "contact.role": _ROLES, "contact.consents": topics}
    words = {**fixed, **vocabulary.titles_of_facts()}
    return Declared(words, {path: fact.type for path, fact in vocabulary.facts.items()})


def doubtful(declared: Declared, subject: str, said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A code and a sentence about each value that was not declared, with the nearest right one."""
    for name, value in said.items():
        path = f"{subject}.{name}"
        if words := declared.words.get(path):
            yield from (("unknown_word", one) for one in _undeclared(name, value, words))
        elif (kind := declared.types.get(path)) and value not in (None, "") and typed(kind, value) is None:
            like = f"; write it like {_LIKE[kind]}" if kind in _LIKE else ""
            yield "unreadable_value", f"{name}: {value!r} is no {kind}, so it counts as missing{like}"


def _undeclared(name: str, value: Any, words: Words) -> Iterator[str]:
    for word in value if isinstance(value, list | Mapping) else [value]:
        if isinstance(word, str) and word and word not in words:
            yield f"{name}: nobody declared {word!r} ({_meant(word, words)})"


def _meant(word: str, words: Words) -> str:
    spelled = {title.lower(): key for key, text in words.items() if text for title in (text.ja, text.en)}
    close = nearest(word.lower(), [*words, *spelled])
    return f"did you mean {spelled.get(close, close)}?" if close else f"there are: {', '.join(words)}"
