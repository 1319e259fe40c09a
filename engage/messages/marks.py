"""Marks in a template's source around the links that lead out: a click link will stand there in each mail."""

from __future__ import annotations

import re

from engage.errors import PlaybookError, Problem
from engage.language.tags import STAND_IN, protect, restore, tag_at
from engage.language.template_facts import ANSWER_URL, OUR_LINKS

OPEN, CLOSE = "\x02", "\x03"  # no fact can hold them
MARKED = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
_HREF = re.compile(r"(<(?:a|area|v:\w+)\b[^<>]*?\shref=)(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_ACTIVE = re.compile(r"<script\b|<iframe\b|<object\b|<form\b|\son[a-z]+\s*=", re.IGNORECASE)
_OUR_PAGES = (*OUR_LINKS, ANSWER_URL)  # these links are signed already; nothing is gained by a second hop


def mark_links(html: str, where: str) -> str:
    """The source with a mark around every href that leads out; refuses active content and links to nowhere."""
    protected, tags = protect(html)
    active = _ACTIVE.search(protected)
    if active:
        line = protected.count("\n", 0, active.start()) + 1
        raise PlaybookError(
            [Problem(where, line, 1, "template-active", f'"{active[0].strip()}" has no place in a mail')]
        )
    return restore(_HREF.sub(lambda found: _marked_href(found, tags, where), protected), tags)


def marked(url: str) -> str:
    """The link with the marks around it."""
    return f"{OPEN}{url}{CLOSE}"


def leads_out(url: str, tags: list[str]) -> bool:
    """Whether a link of a protected source is to a page that is not one of ours; one made of facts may be."""
    made_of_facts = STAND_IN.match(url) is not None
    is_our_page = made_of_facts and any(name in tag_at(url[0], tags) for name in _OUR_PAGES)
    return not is_our_page and (made_of_facts or url.lower().startswith(("http:", "https:")))


def _marked_href(found: re.Match[str], tags: list[str], where: str) -> str:
    url = (found[2] if found[2] is not None else found[3]).strip()
    quote = '"' if found[2] is not None else "'"
    if not url:
        line = found.string.count("\n", 0, found.start()) + 1
        raise PlaybookError([Problem(where, line, 1, "template-empty-link", "this link leads nowhere")])
    return f"{found[1]}{quote}{marked(url)}{quote}" if leads_out(url, tags) else found[0]
