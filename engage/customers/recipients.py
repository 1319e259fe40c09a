"""Who of an account's people a message is for: the first role that somebody has, or all who have one; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engage.keys import address_key

SUBJECT = "contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody at an account, as recipients are chosen and templates speak of them (`facts`)."""

    id: int
    roles: tuple[str, ...] = ()
    is_staff: bool = False
    has_left: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def box(self) -> str | int:
        """What tells mailboxes apart: two people may share one."""
        email = self.facts.get("email")
        return address_key(str(email)) if email else self.id


Subject = Person | Mapping[str, Any] | None


def choose(to: Sequence[str], people: Sequence[Person], subject_contact: Subject) -> Person | None:
    """The first person found by role, in the order asked; `contact` is the enrolled contact itself."""
    return next((person for _, person in found_by_role(to, people, subject_contact)), None)


def found_by_role(
    to: Sequence[str], people: Sequence[Person], subject_contact: Subject
) -> Iterator[tuple[int, Person]]:
    """Each person once, with the number of the role that found them: in the order of the roles, then of the people.

    Nobody who left, and no colleague of ours, is ever found.
    """
    here = [person for person in people if not person.is_staff and not person.has_left]
    seen: set[int] = set()
    for number, role in enumerate(to):
        for person in here:
            fits = _is_same(person, subject_contact) if role == SUBJECT else role in person.roles
            if fits and person.id not in seen:
                seen.add(person.id)
                yield number, person


def _is_same(person: Person, subject: Subject) -> bool:
    if subject is None:
        return False
    return person == subject if isinstance(subject, Person) else person.facts.get("id") == subject.get("id")
