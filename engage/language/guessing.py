"""What an author most likely meant by a word that nobody knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The closest of the known words, or None when nothing is close."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return close[0]
    last = word.rpartition(".")[2]
    return next((known_word for known_word in words if known_word.rpartition(".")[2] == last), None)


def way_out(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """The hint beside an unknown word: the one most likely meant, else what is said otherwise, else all there are."""
    words = list(known)
    close = nearest(word, words)
    if close:
        return f"did you mean {close}?"
    return otherwise or f"there are: {', '.join(words) or 'none'}"
