"""Splits a name that came as one text, where it can be done without guessing, and joins one again; pure."""

from __future__ import annotations

import re

_JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff々〆]")


def joined_name(family: str | None, given: str | None) -> str:
    """Both names in the order of their script: Japanese puts the family first, Latin letters last."""
    parts = [part for part in (family, given) if part]
    return " ".join(parts if _JAPANESE.search("".join(parts)) else reversed(parts))


def split_name(full: str) -> tuple[str, str] | None:
    """Family and given name: of two words, Japanese puts the family first, Latin letters last; else None."""
    words = full.split()
    if len(words) != 2:
        return None
    first, second = words
    if "," in first:
        return first.rstrip(","), second
    return (first, second) if _JAPANESE.search(full) else (second, first)
