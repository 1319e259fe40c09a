"""Who of an account's people a message is for: the first role that somebody has; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SUBJECT = "contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody at an account, as recipients are chosen and templates speak of them (`facts`)."""

    id: int
    roles: tuple[str, ...] = ()
    is_staff: bool = False
    has_left: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


def choose(
    to: Sequence[str], people: Sequence[Person], subject_contact: Person | Mapping[str, Any] | None
) -> Person | None:
    """The first person found by role, in the order asked; `contact` is the enrolled contact itself.

    Nobody who left, and no colleague of ours, is ever chosen.
    """
    here = [person for person in people if not person.is_staff and not person.has_left]
    for role in to:
        if role == SUBJECT:
            found = _same(here, subject_contact)
        else:
            found = next((person for person in here if role in person.roles), None)
        if found is not None:
            return found
    return None


def _same(here: Sequence[Person], subject: Person | Mapping[str, Any] | None) -> Person | None:
    if subject is None:
        return None
    if isinstance(subject, Person):
        return subject if subject in here else None
    return next((person for person in here if person.facts.get("id") == subject.get("id")), None)
