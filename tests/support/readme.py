"""The README's table of settings, made from the one table in config.py: `python -m tests.support.readme` writes it."""

from __future__ import annotations

import re
from pathlib import Path

from engage.config import SETTINGS

README = Path(__file__).parents[2] / "README.md"
_SECTION = re.compile(r"(<!-- settings:[^\n]*-->\n).*?(<!-- end of settings -->)", re.DOTALL)


def settings_table() -> str:
    """Every setting as a row of Markdown."""
    rows = [f"| `{one.name}` | {_default(one.default)} | {one.meaning} |" for one in SETTINGS]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows]) + "\n"


def written() -> str:
    """The README with today's table."""
    return _SECTION.sub(lambda found: found[1] + settings_table() + found[2], README.read_text(encoding="utf-8"))


def _default(text: str) -> str:
    if not text:
        return "none"
    return f"`{text}`" if re.search("[:/]", text) else text


if __name__ == "__main__":
    README.write_text(written(), encoding="utf-8")
