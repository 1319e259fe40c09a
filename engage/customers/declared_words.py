"""Words in a customer's data that nobody declared in `_shared/`: conditions would never find the customer by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from engage.language.guessing import nearest
from engage.language.vocabulary import Vocabulary
from engage.language.words import Recipient, Text

Declared = Mapping[str, Mapping[str, Text | None]]
_ROLES: dict[str, Text | None] = {role: None for role in get_args(Recipient) if role != "contact"}


def declared_words(vocabulary: Vocabulary) -> Declared:
    """What each fact about a customer may be, where that is declared, and what people call it."""
    return {"contact.roles": _ROLES, "contact.role": _ROLES, **vocabulary.titles_of_facts()}


def undeclared(declared: Declared, subject: str, said: Mapping[str, Any]) -> Iterator[str]:
    """A sentence about each value that is none of the words declared, with the nearest right one."""
    for name, value in said.items():
        words = declared.get(f"{subject}.{name}")
        for word in value if isinstance(value, list) else [value]:
            if words and isinstance(word, str) and word and word not in words:
                yield f"{name}: nobody declared {word!r} ({_meant(word, words)})"


def _meant(word: str, words: Mapping[str, Text | None]) -> str:
    spelled = {title.lower(): key for key, text in words.items() if text for title in (text.ja, text.en)}
    close = nearest(word.lower(), [*words, *spelled])
    return f"did you mean {spelled.get(close, close)}?" if close else f"there are: {', '.join(words)}"
