"""Template tags kept out of the way while a tool that only knows HTML works on the source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engage.errors import InputError

_OPENING = re.compile(r"\{([{%#])")
_CLOSING = {"{": "}}", "%": "%}", "#": "#}"}
_FIRST, _LAST = 0xE100, 0xF8FF
STAND_IN = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")


def protect(source: str) -> tuple[str, list[str]]:
    """The source with one private character for each template tag, and the tags in order."""
    if STAND_IN.search(source):
        raise InputError("the template contains characters of the private use area", code="private_characters")
    tags: list[str] = []

    pieces: list[str] = []
    end = 0
    for start, stop in tag_spans(source):
        pieces += [source[end:start], chr(_FIRST + len(tags) % (_LAST - _FIRST))]
        tags.append(source[start:stop])
        end = stop
    protected = "".join([*pieces, source[end:]])
    if len(tags) > _LAST - _FIRST:
        raise InputError("the template has more than 6,000 tags", code="too_many_tags")
    return protected, tags


def tag_spans(source: str) -> Iterator[tuple[int, int]]:
    """Where each tag begins and ends; one kind that is not closed any more is not looked for again."""
    at, open_for_ever = 0, set[str]()
    while found := _OPENING.search(source, at):
        closing = _CLOSING[found[1]]
        stop = -1 if closing in open_for_ever else source.find(closing, found.end())
        if stop < 0:
            open_for_ever.add(closing)
            at = found.start() + 1
        else:
            at = stop + len(closing)
            yield found.start(), at


def restore(protected: str, tags: list[str]) -> str:
    """The tags back in their places."""
    return STAND_IN.sub(lambda found: tag_at(found[0], tags), protected)


def tag_at(character: str, tags: list[str]) -> str:
    """The tag that a private character stands for."""
    return tags[ord(character) - _FIRST]
