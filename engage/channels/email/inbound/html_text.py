"""What a mail says whose writer's program sent HTML alone: as plain text, with `>` before what it quotes.

Read in one pass, whatever it holds: the standard library's parser can take hours over tags that never close.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

_LONGEST = 400_000
# Where mail programs begin what they quote; nothing of the writer's own stands after these.
_QUOTES_BEGIN = re.compile(
    r"<[^<>]{0,300}(?:"
    r"\bclass=\"?[^\"<>]{0,100}\b(?:gmail_quote|yahoo_quoted|moz-cite-prefix|protonmail_quote)\b"
    r"|\bid=\"?(?:appendonsend|divRplyFwdMsg|reply-intro|mail-editor-reference-message-container)\b"
    r"|\bstyle=\"[^\"<>]{0,100}border:\s?none;\s?border-top:\s?solid)",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(?P<closes>/?)(?P<name>[a-z][a-z0-9]*)(?:[\s/:][^<>]*)?>|<!--|<[!?][^<>]*>", re.IGNORECASE)
_UNSEEN = frozenset({"head", "script", "style", "title"})
_LINES = frozenset({"address", "br", "div", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "tr"})
_PARAGRAPHS = frozenset({"blockquote", "dl", "ol", "p", "pre", "table", "ul"})
_SPACES = re.compile(r"[ \t\r\n\f\u00a0]+")
_BLANKS = re.compile(r"\n(?:[ \t]*\n){2,}")


def text_of_html(html: str) -> str:
    """The text of the HTML, up to where it begins to quote for good."""
    html = html[:_LONGEST]
    begins = _QUOTES_BEGIN.search(html)
    lines = "".join(_pieces(html[: begins.start()] if begins else html)).split("\n")
    return _BLANKS.sub("\n\n", "\n".join(line.strip() for line in lines)).strip()


def _pieces(html: str) -> Iterator[str]:
    at, depth, endless = 0, 0, set[str]()
    lowered = html.lower()
    for tag in _TAG.finditer(html):
        if tag.start() < at:
            continue
        yield _SPACES.sub(" ", unescape(html[at : tag.start()]))
        at, name = tag.end(), (tag["name"] or "").lower()
        end = "-->" if tag[0] == "<!--" else f"</{name}" if name in _UNSEEN and not tag["closes"] else ""
        if end and end not in endless:
            closed = lowered.find(end, at)
            at = max(at, lowered.find(">", closed + len(end) - 1) + 1) if closed >= 0 else at
            endless |= {end} if closed < 0 else set()
        elif name == "blockquote":
            depth = max(depth + (-1 if tag["closes"] else 1), 0)
            yield "\n\n" + "> " * min(depth, 5)
        elif name in _PARAGRAPHS or name in _LINES:
            yield ("\n\n" if name in _PARAGRAPHS else "\n") + "> " * min(depth, 5)
    yield _SPACES.sub(" ", unescape(html[at:]))
