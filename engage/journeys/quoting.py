"""The note of a task, with what the customer said below it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engage.language.spec import TaskWork

REPLIED = "replied"
_MARKS = {"ja": "「{}」", "en": "“{}”"}


def note_of(work: TaskWork, facts: Mapping[str, Any]) -> dict[str, str]:
    """The note in both languages; the quoted fact stands below it, or the reply that the run has just heard."""
    note: dict[str, str] = work.note.model_dump() if work.note else {}
    said = work.quote.evaluate(facts) if work.quote is not None else reply_heard(facts).get("excerpt")
    if not isinstance(said, str) or not said:
        return note
    quoted = {locale: marks.format(said) for locale, marks in _MARKS.items()}
    return {locale: f"{note[locale]}\n{text}" if note else text for locale, text in quoted.items()}


def reply_heard(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is known of the mail that ended the run's last wait; nothing where it was another event, or none."""
    waited = facts.get("waited") or {}
    return waited.get("properties") or {} if waited.get("event") == REPLIED else {}
