"""The text part of a mail: derived from the HTML source once per template version, so that sending costs nothing."""

from __future__ import annotations

import html as entities
import re
from typing import TYPE_CHECKING

from engage.language.tags import STAND_IN, protect, restore, tag_at
from engage.messages.formats import language_of
from engage.messages.marks import leads_out, marked

if TYPE_CHECKING:
    from html2text import HTML2Text

_UNSEEN = re.compile(
    r"(?P<comment><!--)|<(?P<whole>head|style|script|title)\b"
    r"|<(?P<hidden>div|span)\b[^<>]*style=\"[^\"<>]*display:\s*none[^<>]*>",
    re.IGNORECASE,
)
_PICTURE = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)
_ALT = re.compile(r"\salt=\"([^\"]*)\"", re.IGNORECASE)
_ROW = re.compile(r"<tr\b[^>]*>(?:(?!<tr\b).)*?</tr>", re.DOTALL | re.IGNORECASE)
_BETWEEN_CELLS = re.compile(r"(</t[dh]>)(\s*<t[dh]\b[^>]*>)", re.IGNORECASE)
_LINK = re.compile(r"\[((?:[^\]\\]|\\.)*)\]\(<?((?:[^()<>\\]|\\.)*)>?\)(?=(.)?)")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!>|~])")
_HEADING = re.compile(r"^#{1,6} +", re.MULTILINE)
_BULLET = re.compile(r"^[ \t]*[*+-] +", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*\* \* \*[ \t]*$", re.MULTILINE)
_EDGES = re.compile(r"[ \t\u00a0]+$|^[ \t\u00a0]+", re.MULTILINE)
_TAG_LINE = re.compile(r"^[ \t]*((?:\{%(?:(?!%\})[^\n])*%\}[ \t]*)+)\n", re.MULTILINE)
_AFTER_TAG = re.compile(r"^((?:\{%(?:(?!%\})[^\n])*%\})+)[ \t]+", re.MULTILINE)
_BLANKS = re.compile(r"\n(?:[ \t]*\n){2,}")  # begins with a sign that is found fast


def derive_text(html: str, *, locale: str, follow: bool = False) -> str:
    """The template of the text part: the same facts and conditions, links as `label: URL`.

    With `follow` those that lead out are marked; not one whose address is what the author wants to be read.
    """
    japanese = language_of(locale) == "ja"
    protected, tags = protect(html)
    protected = _PICTURE.sub(lambda found: _spoken_picture(found[0], tags), protected)
    protected = _ROW.sub(lambda row: _spoken_row(row[0], japanese), _without_unseen(protected))
    text = _reader().handle(protected.replace("</table>", "</table><p></p>"))
    text = _LINK.sub(lambda found: _spoken_link(found, tags, follow=follow), text)
    text = _RULE.sub("----", _HEADING.sub("", text))
    text = _BULLET.sub("・" if japanese else "- ", text)
    text = _ESCAPED.sub(r"\1", _EDGES.sub("", text))
    return _AFTER_TAG.sub(r"\1", restore(tidy(text), tags))


def _without_unseen(html: str) -> str:
    """The HTML without what no reader sees; what is opened and never closed stays, and is looked for only once."""
    kept, at, endless = list[str](), 0, set[str]()
    for opened in _UNSEEN.finditer(html):
        end = "-->" if opened["comment"] else f"</{(opened['whole'] or opened['hidden']).lower()}>"
        if opened.start() < at or end in endless:
            continue
        closed = re.compile(re.escape(end), re.IGNORECASE).search(html, opened.end())
        if closed is None:
            endless.add(end)
            continue
        kept.append(html[at : opened.start()])
        at = closed.end()
    return "".join([*kept, html[at:]])


def drop_tag_lines(text: str) -> str:
    """A line that holds nothing but statements leaves no empty line behind."""
    return _TAG_LINE.sub(r"\1", text)


def tidy(text: str) -> str:
    """Text with at most one blank line in a row, no space before a line end, and one line end at the end."""
    return _BLANKS.sub("\n\n", text.replace(" \n", "\n")).strip() + "\n"


def _reader() -> HTML2Text:
    from html2text import HTML2Text  # only what was written anew is derived

    reader = HTML2Text(bodywidth=0)
    reader.ignore_images = True
    reader.ignore_emphasis = True
    reader.ignore_tables = True
    reader.use_automatic_links = False
    reader.unicode_snob = True
    return reader


def _spoken_picture(picture: str, tags: list[str]) -> str:
    """A chart's words tell its figures; what any other picture shows is no loss."""
    alt = _ALT.search(picture)
    is_chart = any("_chart" in tag_at(sign, tags) for sign in STAND_IN.findall(picture))
    return f"<p>{alt[1]}</p>" if alt and is_chart else picture


def _spoken_row(row: str, japanese: bool) -> str:
    """Two cells read as `label: value`, more of them as a list; where each is a link, one a line."""
    cells = len(_BETWEEN_CELLS.findall(row)) + 1
    between = (":" if japanese else ": ") if cells == 2 else " / "
    between = "<br>" if cells > 2 and row.count("<a ") == cells else between
    return _BETWEEN_CELLS.sub(lambda found: f"{found[1]}{found[2]}{between}", row)


def _spoken_link(found: re.Match[str], tags: list[str], *, follow: bool) -> str:
    label = found[1].strip()
    url = _ESCAPED.sub(r"\1", entities.unescape(found[2])).split(' "')[0]
    if url.startswith("mailto:") and "?" in url:
        return label
    shown = re.sub(r"^(mailto|tel):", "", url)
    said = restore(label, tags)
    is_address = said in (restore(shown, tags), restore(url, tags))
    if follow and not is_address and leads_out(url, tags):
        shown = marked(url)
    spoken = shown if is_address or not said else f"{label}: {shown}"
    before = found.string[found.start() - 1 : found.start()] if found.start() else ""
    opens = " " if spoken == shown and before.isalpha() else ""
    closes = " " if found[3] is not None and not found[3].isspace() else ""
    return f"{opens}{spoken}{closes}"
