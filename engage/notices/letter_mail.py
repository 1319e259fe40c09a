"""A letter as a mail: the same page as HTML and as plain text."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from engage.notices.letters import Page

_TEMPLATES = Path(__file__).parent / "templates"
_GAPS = re.compile(r"\n{3,}")


def page_as_html(page: Page) -> str:
    """The letter for a mail program that shows HTML."""
    return _environment().get_template("letter.html").render(page=page)


def page_as_text(page: Page) -> str:
    """The letter in plain text."""
    return _GAPS.sub("\n\n", _environment().get_template("letter.txt").render(page=page))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
