"""Message templates as their authors keep them: a folder with meta.yaml and one folder per locale."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engage.errors import Problem
from engage.language.contracts import TemplateMeta
from engage.language.yaml_reading import Document

LOCALES = ("ja", "en")
CONFIRM_MAIL = "consents/confirm"
"""What asks for the yes to a topic that is declared with `double_opt_in`."""
OWN_MAILS = (CONFIRM_MAIL,)
"""What Engage sends by itself, without a playbook."""
LAYOUT = "_layout"
SECTION = "merged"
"""What a mail says where it travels in another one: its `merged.html`; the other shows it at `{{ merged }}`."""
SECTION_FILE = f"{SECTION}.html"
REQUIRED = {"email": (("subject.txt",), ("body.mjml", "body.html")), "in_app": (("title.txt",), ("body.txt",))}
ALLOWED = {
    "email": ("subject.txt", "body.mjml", "body.html", "body.txt", SECTION_FILE),
    "in_app": ("title.txt", "body.txt", "link.txt"),
}
_INCLUDE = re.compile(r"\{%-?\s*include\s+(['\"])([^'\"]+)\1\s*-?%\}")
_ANY_INCLUDE = re.compile(r"\{%-?\s*(include|import|from|extends)\b")
_DEEPEST = 3
LARGEST_SOURCE = 256 * 1024


@dataclass(frozen=True)
class SourceFile:
    """One text file of a template and the name it has in complaints."""

    file: str
    text: str


@dataclass(frozen=True)
class Template:
    """One template: its meta file and the files of each locale by name."""

    name: str
    document: Document
    meta: TemplateMeta
    locales: Mapping[str, Mapping[str, SourceFile]]


Layout = Mapping[tuple[str, str], SourceFile]
"""Shared pieces by (locale, path as included)."""


class IncludeError(Exception):
    """An include that cannot be resolved; the problem names its place."""

    def __init__(self, problem: Problem):
        super().__init__(str(problem))
        self.problem = problem


def resolve_includes(source: SourceFile, locale: str, layout: Layout, *, depth: int = 0) -> str:
    """The text with shared pieces put in place of `{% include "_layout/…" %}`, before anything else reads it."""
    pieces: list[str] = []
    length = end = 0
    for found in _ANY_INCLUDE.finditer(source.text):
        include = _INCLUDE.match(source.text, found.start())
        piece = layout.get((locale, include[2])) if include else None
        if include is None or piece is None or depth >= _DEEPEST:
            raise IncludeError(_include_problem(source, found.start(), include[2] if include else None, locale, layout))
        pieces += [source.text[end : found.start()], resolve_includes(piece, locale, layout, depth=depth + 1)]
        end = include.end()
        length += len(pieces[-2]) + len(pieces[-1])
        if length > LARGEST_SOURCE:
            place, message = place_of(source.text, found.start()), "with its pieces the template is larger than 256 KB"
            raise IncludeError(Problem(source.file, *place, "template-too-large", message))
    return "".join([*pieces, source.text[end:]])


def sources_read(source: SourceFile, locale: str, layout: Layout, *, depth: int = 0) -> Iterator[SourceFile]:
    """A file and every shared piece that it includes."""
    yield source
    for found in _INCLUDE.finditer(source.text):
        piece = layout.get((locale, found[2]))
        if piece is not None and depth < _DEEPEST:
            yield from sources_read(piece, locale, layout, depth=depth + 1)


def _include_problem(source: SourceFile, start: int, wanted: str | None, locale: str, layout: Layout) -> Problem:
    line, column = place_of(source.text, start)
    known = sorted(path for where, path in layout if where == locale)
    if wanted is None:
        message, hint = (
            "only {% include %} of a shared piece by its name is read here",
            f"there are: {', '.join(known)}",
        )
    elif (locale, wanted) in layout:
        message, hint = f"includes are nested more than {_DEEPEST} deep", "does a piece include itself?"
    else:
        message, hint = f"there is no {wanted} for {locale}", f"there are: {', '.join(known) or 'none'}"
    return Problem(source.file, line, column, "missing-include", message, hint)


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a character."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
