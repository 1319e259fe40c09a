"""One complaint of reading, as it explains itself."""

from __future__ import annotations

from typing import NamedTuple


class ReadingCode(NamedTuple):
    """What is wrong, the way out, the smallest text that gets the complaint, and the same text mended.

    Both lie over `rule_examples.BASE`, as the examples of the rules do.
    """

    what: str
    way_out: str
    wrong: str
    right: str


def shown(example: str) -> str:
    """An example as it can be printed: endless lines cut short, signs of other encodings written out."""
    lines = example.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").splitlines()
    return "\n".join(line if len(line) <= 200 else f"{line[:100]}… ({len(line):,} signs)" for line in lines)
