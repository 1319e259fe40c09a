"""Template tags kept out of the way while a tool that only knows HTML works on the source."""

from __future__ import annotations

import re

from engage.errors import InputError

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_FIRST, _LAST = 0xE100, 0xF8FF
STAND_IN = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")


def protect(source: str) -> tuple[str, list[str]]:
    """The source with one private character for each template tag, and the tags in order."""
    if STAND_IN.search(source):
        raise InputError("the template contains characters of the private use area", code="private_characters")
    tags: list[str] = []

    def stand_in(found: re.Match[str]) -> str:
        tags.append(found[0])
        return chr(_FIRST + len(tags) - 1)

    protected = _TAG.sub(stand_in, source)
    if len(tags) > _LAST - _FIRST:
        raise InputError("the template has more than 6,000 tags", code="too_many_tags")
    return protected, tags


def restore(protected: str, tags: list[str]) -> str:
    """The tags back in their places."""
    return STAND_IN.sub(lambda found: tag_at(found[0], tags), protected)


def tag_at(character: str, tags: list[str]) -> str:
    """The tag that a private character stands for."""
    return tags[ord(character) - _FIRST]
