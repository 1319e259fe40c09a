"""The note of a task, with what the customer said below it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engage.language.spec import TaskWork

_MARKS = {"ja": "「{}」", "en": "“{}”"}


def note_of(work: TaskWork, facts: Mapping[str, Any]) -> dict[str, str]:
    """The note in both languages; the quoted fact stands below it, where there is one."""
    note: dict[str, str] = work.note.model_dump() if work.note else {}
    said = work.quote.evaluate(facts) if work.quote is not None else None
    if not isinstance(said, str) or not said:
        return note
    quoted = {locale: marks.format(said) for locale, marks in _MARKS.items()}
    return {locale: f"{note[locale]}\n{text}" if note else text for locale, text in quoted.items()}
