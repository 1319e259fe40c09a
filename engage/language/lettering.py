"""How wide a text is on a drawing, and where its lines break; Japanese signs are as wide as they are high."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

_NARROW, _WIDE, _SLIM, _BROAD = 0.6, 1.0, 0.36, 0.86
_LONELY = 3  # signs that should not stand on a last line by themselves
_NOT_FIRST = frozenset("、。」』)】〉》!?:;・ー々,.)]}%”’")
_NOT_LAST = frozenset("「『(【〈《([{“‘")
_PIECES = re.compile(r"\s+|[(\[]*[^\s(\[\u2e80-\uffef]+|.", re.DOTALL)


def width_of(text: str, size: float) -> float:
    """The width of a line of text, in the same unit as the size of the letters."""
    return size * sum(_width(sign) for sign in text)


def lines_of(text: str, *, size: float, width: float, most: int) -> list[str]:
    """The text in lines that fit; what does not fit into so many lines ends with an ellipsis."""
    lines = _broken(text, size, width)
    if len(lines) > 1 and len(lines[-1]) <= _LONELY:
        tighter = _broken(text, size, width - 3 * size)
        lines = tighter if len(tighter) == len(lines) else lines
    return lines if len(lines) <= most else [*lines[: most - 1], _cut(lines[most - 1], size, width)]


def _broken(text: str, size: float, width: float) -> list[str]:
    lines = [""]
    for piece in _pieces(text, size=size, width=width):
        if width_of(lines[-1] + piece.rstrip(), size) <= width or _must_stay(lines[-1], piece):
            lines[-1] += piece if lines[-1] else piece.lstrip()
        else:
            lines.append(piece.lstrip())
    return [line.rstrip() for line in lines if line.strip()] or [""]


def _width(sign: str) -> float:
    if sign in "ilj.,:;'|!()[] ":
        return _SLIM
    if sign.isascii() and (sign.isupper() or sign in "mw@%"):
        return _BROAD if sign in "mwMW@%" else 0.7
    return _WIDE if east_asian_width(sign) in "WF" else _NARROW


def _pieces(text: str, *, size: float, width: float) -> list[str]:
    """Words and single Japanese signs; a word longer than a line is broken behind a dot, a line or a bracket."""
    pieces: list[str] = []
    for piece in _PIECES.findall(text):
        fits = width_of(piece, size) <= width
        pieces += [piece] if fits else re.findall(r".{1,12}?(?:[._/\-\[(]|$)|.{12}", piece)
    return pieces


def _must_stay(line: str, piece: str) -> bool:
    """A closing mark never begins a line, an opening one never ends it."""
    return bool(line) and (piece[:1] in _NOT_FIRST or line[-1:] in _NOT_LAST)


def _cut(line: str, size: float, width: float) -> str:
    while line and width_of(line + "…", size) > width:
        line = line[:-1]
    return line.rstrip() + "…"
