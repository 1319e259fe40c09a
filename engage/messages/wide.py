"""How wide a text is to the eye: Japanese letters count as one, Latin ones as half."""

from __future__ import annotations

from unicodedata import combining, east_asian_width


def width(text: str) -> float:
    """The width in full-width characters."""
    return sum(_letter(letter) for letter in text)


def _letter(letter: str) -> float:
    if combining(letter) or letter in "\u200b\u200d\ufe0e\ufe0f":
        return 0
    return 1 if east_asian_width(letter) in "FWA" else 0.5
