"""Everything that a run may know of its subject: the customer's facts, and what was answered to our questions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.customers.facts import EVERYTHING, OF_ANSWERS, Subject, load_facts
from engage.releases.library import Library
from engage.surveys.facts import answers_of


def know(
    session: Session,
    library: Library,
    subjects: Sequence[Subject],
    *,
    now: datetime,
    reading: frozenset[str] = EVERYTHING,
) -> dict[Subject, dict[str, Any]]:
    """The facts of each subject as they are now; with `reading` less than everything, only those are true."""
    known = load_facts(session, library, subjects, now=now, reading=reading)
    if OF_ANSWERS in reading:
        for subject, answers in answers_of(session, library.vocabulary(session).questions, known, now=now).items():
            known[subject]["answers"] = answers
    return known
