"""What an MJML source says that MJML would drop or show as plain text, each with its place."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from engage.errors import Problem
from engage.language.guessing import nearest
from engage.language.mjml_words import ATTRIBUTES, CHILDREN, EVERYWHERE
from engage.language.tags import tag_spans
from engage.language.templates import SourceFile

_LETTER = re.compile(r"[^\n]")
_ANY = frozenset().union(*ATTRIBUTES.values()) | {"name"}
_OPEN_TO_ALL = frozenset({"mjml", "mj-all", "mj-class"})  # `mjml` is ours to write, the others speak for any component
_PREFIX = "mj-"
MOST = 20  # complaints about one element


def without_tags(text: str) -> str:
    """The source with a filling of the same length for each template tag; its lines stay where they are."""
    pieces, end = list[str](), 0
    for start, stop in tag_spans(text):
        pieces += [text[end:start], _LETTER.sub("_", text[start:stop])]
        end = stop
    return "".join([*pieces, text[end:]])


def unheard(file: SourceFile) -> list[Problem]:
    """Unknown components and attributes, and what stands where MJML does not lay it out."""
    reader = _Reader(file)
    reader.feed(without_tags(file.text))
    return reader.problems


class _Reader(HTMLParser):
    """Walks the elements of one file."""

    def __init__(self, file: SourceFile) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[Problem] = []
        self._file = file
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Goes into an element."""
        self._look_at(tag, [name for name, _ in attrs])
        self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Looks at an element that closes itself."""
        self._look_at(tag, [name for name, _ in attrs])

    def handle_endtag(self, tag: str) -> None:
        """Leaves it, and whatever was left open in it."""
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """A text of its own among components."""
        around = self._open[-1] if self._open else ""
        if around in CHILDREN and (said := data.replace("_", " ").strip()):
            message = f"MJML lays out no bare text in {around}: {' '.join(said.split())[:30]!r}"
            offset = data.find(said[0])
            self._complain("mjml-misplaced", message, "put it into mj-text", around=data, offset=offset)

    def _look_at(self, tag: str, names: list[str]) -> None:
        if tag.startswith(_PREFIX) and tag not in ("mj-all", "mj-class") and tag[3:] not in ATTRIBUTES:
            close = nearest(tag[3:], ATTRIBUTES)
            message = f"MJML would drop the unknown component {tag}"
            self._complain("mjml-unknown", message, f"did you mean mj-{close}?" if close else None)
            return
        around = self._open[-1] if self._open else ""
        if around in CHILDREN and tag not in CHILDREN[around]:
            may = ", ".join(sorted(CHILDREN[around] - {"mj-raw"}))
            self._complain("mjml-misplaced", f"MJML reads no {tag} in {around}", f"there may stand: {may}")
        if tag.startswith(_PREFIX):
            written = self.get_starttag_text() or ""
            for name in self._unknown(tag, names)[:MOST]:
                self._complain(*_of_attribute(tag, name), around=written, offset=_offset_of(name, written))

    @staticmethod
    def _unknown(tag: str, names: list[str]) -> list[str]:
        known = _ANY if tag in _OPEN_TO_ALL else ATTRIBUTES[tag[3:]]
        return [name for name in names if name not in known | EVERYWHERE]

    def _complain(self, code: str, message: str, hint: str | None, *, around: str = "", offset: int = 0) -> None:
        """Keeps a complaint about where the parser stands, or about a place further on in what it has just read."""
        line, column = self.getpos()
        before = around[:offset]
        column = offset - before.rfind("\n") - 1 if "\n" in before else column + offset
        line += before.count("\n")
        self.problems.append(Problem(self._file.file, line, column + 1, code, message, hint))


def _of_attribute(tag: str, name: str) -> tuple[str, str, str]:
    """Code, message and way out for an attribute that MJML would drop."""
    if "_" in name:
        message = f"MJML cannot carry a tag of the template among the attributes of {tag}"
        return "mjml-cannot-carry", message, "write the component twice, each in a condition of its own"
    close = nearest(name, _ANY if tag in _OPEN_TO_ALL else ATTRIBUTES[tag[3:]] | EVERYWHERE)
    hint = f"did you mean {close}?" if close else "attributes of HTML stand in mj-raw or in mj-text"
    return "mjml-unknown", f"MJML would drop the unknown attribute {name} of {tag}", hint


def _offset_of(name: str, written: str) -> int:
    found = re.search(rf"\s({re.escape(name)})\s*=", written, re.IGNORECASE)
    return found.start(1) if found else 0
