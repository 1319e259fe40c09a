"""A colleague changes the words of a rendered mail, never its markup: the text between the tags, and the subject."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Mapping

from markupsafe import escape

from engage.errors import InputError
from engage.messages.textpart import derive_text, tidy

_MARKUP = re.compile(
    r"(<!--.*?-->|<head\b.*?</head>|<(style|script|title)\b.*?</\2>|<[^>]+>)", re.DOTALL | re.IGNORECASE
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST_SUBJECT = 200
_LONGEST_PART = 10_000


def editable_parts(html: str) -> list[str]:
    """The texts a reader sees, in order."""
    return [entities.unescape(token).strip() for token in _tokens(html) if _is_words(token)]


def with_parts(html: str, changed: Mapping[int, str]) -> str:
    """The same mail with some of its texts replaced; what is typed is text, never markup."""
    made, number = [], -1
    for token in _tokens(html):
        if _is_words(token):
            number += 1
            token = _typed(changed[number]) if number in changed else token
        made.append(token)
    return "".join(made)


def text_after(text: str, before: str, after: str, changed: Mapping[int, str], *, locale: str) -> str:
    """The text part that says the same as the changed HTML."""
    old = editable_parts(before)
    for number, typed in changed.items():
        if text.count(old[number]) != 1:
            return derive_text(after, locale=locale)
        text = text.replace(old[number], clean(typed))
    return tidy(text)


def clean_subject(typed: str) -> str:
    """A subject of one line that is not empty."""
    subject = " ".join(_CONTROLS.sub(" ", typed).split())
    if not subject or len(subject) > _LONGEST_SUBJECT:
        raise InputError(f"a subject has 1 to {_LONGEST_SUBJECT} characters", code="bad_subject")
    return subject


def clean(typed: str) -> str:
    """What a person typed, without control characters."""
    if len(typed) > _LONGEST_PART:
        raise InputError(f"a paragraph has at most {_LONGEST_PART} characters", code="part_too_long")
    return _CONTROLS.sub("", typed.replace("\r\n", "\n")).strip()


def _typed(text: str) -> str:
    return "<br>".join(str(escape(line)) for line in clean(text).split("\n"))


def _tokens(html: str) -> list[str]:
    """Texts and markup in turn; the pieces joined are the mail again."""
    tokens, at = [], 0
    for found in _MARKUP.finditer(html):
        tokens += [html[at : found.start()], found[0]]
        at = found.end()
    return [*tokens, html[at:]]


def _is_words(token: str) -> bool:
    return not token.startswith("<") and bool(entities.unescape(token).strip("\u00a0\u200c\u2007\u034f \n\t"))
