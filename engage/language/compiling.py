"""From a template's files to what a release keeps: includes resolved, MJML made HTML once, Jinja tags untouched."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mrml

from engage.errors import PlaybookError, Problem
from engage.language.mjml_reading import unheard, without_tags
from engage.language.tags import STAND_IN, protect, restore, tag_at
from engage.language.templates import (
    SECTION,
    SECTION_FILE,
    IncludeError,
    Layout,
    SourceFile,
    Template,
    place_of,
    resolve_includes,
)

_ELEMENT = re.compile(r"<(/?)(mj-[a-z-]+|mjml)\b[^<>]*?(/?)>")
_LOOSE = re.compile(r"<(?![a-zA-Z/!?])")
_SPELLED = re.compile(r"qz(\d{5})zq")
_HTML = re.compile(r"<html\b([^>]*)>", re.IGNORECASE)
_LANG = re.compile(r"\slang=(\"[^\"]*\"|'[^']*')", re.IGNORECASE)


@dataclass(frozen=True)
class CompiledTemplate:
    """One template in one locale as a release keeps it; html is empty and text the body for in-app messages."""

    name: str
    locale: str
    kind: str
    subject: str
    html: str
    text: str | None
    meta: dict[str, Any]

    @property
    def sha(self) -> str:
        """The fingerprint of all of it."""
        parts = [self.name, self.locale, self.kind, self.subject, self.html, self.text, self.meta]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def compile_template(template: Template, locale: str, layout: Layout) -> CompiledTemplate:
    """Compiles one locale; raises PlaybookError with places."""
    try:
        return _compile(template, locale, layout)
    except IncludeError as error:
        raise PlaybookError([error.problem]) from None


def _compile(template: Template, locale: str, layout: Layout) -> CompiledTemplate:
    files = template.locales[locale]
    texts = {name: resolve_includes(file, locale, layout) for name, file in files.items() if name.endswith(".txt")}
    meta = template.meta.published()
    subject, html, text = texts.get("subject.txt", ""), "", texts.get("body.txt")
    if template.meta.kind == "in_app":
        link = texts.get("link.txt", "").strip() or None
        subject = texts.get("title.txt", "")
        meta |= {"link": link}
    else:
        html = _body(files, locale, layout)
        if SECTION_FILE in files:
            meta |= {SECTION: resolve_includes(files[SECTION_FILE], locale, layout).strip()}
    return CompiledTemplate(template.name, locale, template.meta.kind, subject.strip(), html, text, meta)


def _body(files: Mapping[str, SourceFile], locale: str, layout: Layout) -> str:
    pieces = tuple(piece for (where, _), piece in layout.items() if where == locale)
    if "body.mjml" in files:
        file = files["body.mjml"]
        html = _mjml(file, resolve_includes(file, locale, layout), pieces)
    elif "body.html" in files:
        html = resolve_includes(files["body.html"], locale, layout)
    else:
        return ""
    return _HTML.sub(lambda found: f'<html lang="{locale}"{_LANG.sub("", found[1])}>', html, count=1)


def _mjml(file: SourceFile, source: str, pieces: tuple[SourceFile, ...]) -> str:
    files = (file, *pieces)
    problems = [problem for each in files for problem in unheard(each)]
    if problems:
        raise PlaybookError(problems)
    protected, tags = protect(source)
    # MRML escapes private characters inside attributes, so for its eyes the stand-ins are spelled in ASCII.
    spelled = STAND_IN.sub(lambda found: f"qz{ord(found[0]):05d}zq", protected)
    try:
        html = _SPELLED.sub(lambda found: chr(int(found[1])), mrml.to_html(spelled).content)
    except OSError as error:
        raise PlaybookError([_mjml_problem(files, str(error))]) from None
    carried = {tag_at(character, tags) for character in STAND_IN.findall(html)}
    dropped = [tag for tag in tags if tag not in carried and not tag.startswith("{#")]
    if dropped:
        raise PlaybookError([_dropped(tag, files) for tag in dict.fromkeys(dropped)])
    return restore(html, tags)


def _dropped(tag: str, files: tuple[SourceFile, ...]) -> Problem:
    home = next((file for file in files if tag in file.text), files[0])
    place = place_of(home.text, max(home.text.find(tag), 0))
    hint = "put it into the text of a component, into href or src, or around components as <mj-raw>"
    return Problem(home.file, *place, "mjml-cannot-carry", f"MJML cannot carry {tag} at this place", hint)


def _mjml_problem(files: tuple[SourceFile, ...], reason: str) -> Problem:
    """MJML itself hardly says where; the two usual causes are looked for by hand."""
    for file in files:
        text = without_tags(file.text)
        loose = _LOOSE.search(text)
        if loose:
            place = place_of(file.text, loose.start())
            return Problem(file.file, *place, "mjml", "a bare '<' cannot stand here", "write &lt;")
        left_open = _first_unpaired(text)
        if left_open:
            place = place_of(file.text, left_open.start())
            message = f"{left_open[0]} has no partner"
            return Problem(file.file, *place, "mjml", message, "every element is opened and closed")
    hint = "close every element and quote every attribute"
    return Problem(files[0].file, 1, 1, "mjml", f"MJML cannot read this: {reason}", hint)


def _first_unpaired(text: str) -> re.Match[str] | None:
    opened: list[re.Match[str]] = []
    for found in _ELEMENT.finditer(text):
        if found[3]:
            continue
        if not found[1]:
            opened.append(found)
        elif not opened or opened[-1][2] != found[2]:
            return opened[-1] if opened else found
        else:
            opened.pop()
    return opened[-1] if opened else None
