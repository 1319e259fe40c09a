"""The parts of a mail's source that its readers meet: links with their words, images, texts; each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

from engage.language.mjml_reading import without_tags
from engage.language.templates import SourceFile

FILLING = "_"
"""What stands for a template tag in what is read here."""
_LINKS = frozenset({"a", "area", "mj-button", "mj-navbar-link", "mj-social-element", "mj-image"})
_PICTURES = frozenset({"img", "mj-image"})
_UNREAD = frozenset({"style", "mj-style", "script", "mj-attributes"})
_EMPTY = frozenset({"img", "br", "hr", "area", "meta", "link"})


@dataclass
class Link:
    """A link: where it leads, the words that are pressed, and the source of its tag."""

    url: str
    tag: str
    raw: str
    offset: int
    words: str = ""


@dataclass(frozen=True)
class Picture:
    """An image, what stands for it where it is not shown, and where it is fetched; None where nothing is said."""

    alt: str | None
    src: str | None
    offset: int


@dataclass(frozen=True)
class Words:
    """A text that is read, and where it begins."""

    text: str
    offset: int


@dataclass
class MailSource:
    """What was found in one file."""

    links: list[Link] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)


@lru_cache(maxsize=512)
def read_mail(file: SourceFile) -> MailSource:
    """The parts of one file; a plain text file is one text."""
    masked = without_tags(file.text)
    if file.file.endswith(".txt"):
        return MailSource(words=[Words(masked, 0)])
    reader = _Reader(file.text)
    reader.feed(masked)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=False)
        self.found = MailSource()
        self._source = source
        self._lines = list(_starts(source))
        self._open: list[tuple[str, Link | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Goes into an element."""
        link = self._look_at(tag, dict(attrs))
        if tag not in _EMPTY:
            self._open.append((tag, link))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Looks at an element that closes itself."""
        self._look_at(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        """Leaves it, and whatever was left open in it."""
        if any(name == tag for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Keeps a text, for itself and as the words of the links around it."""
        if any(name in _UNREAD for name, _ in self._open):
            return
        self.found.words.append(Words(data, self._offset()))
        for _, link in self._open:
            if link is not None:
                link.words += data

    def _look_at(self, tag: str, said: dict[str, str | None]) -> Link | None:
        raw = self.get_starttag_text() or ""
        offset = self._offset()
        source = self._source[offset : offset + len(raw)]
        if tag in _PICTURES and not any(name in _UNREAD for name, _ in self._open):
            self.found.pictures.append(Picture(said.get("alt"), said.get("src"), offset))
        if tag in _LINKS and "href" in said:
            link = Link((said["href"] or "").strip(), tag, source, offset)
            self.found.links.append(link)
            return link
        return None

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column


def _starts(text: str) -> Iterator[int]:
    """Where each line begins."""
    at = 0
    for line in text.split("\n"):
        yield at
        at += len(line) + 1
