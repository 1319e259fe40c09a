"""What a chunk of events is about, held in memory: loaded in a few statements, changed freely, written once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from engage.events.timeline import EventRow

if TYPE_CHECKING:
    from engage.customers.consents import Word


class Merged(NamedTuple):
    """A contact that was absorbed, and the one that stays in its place."""

    old: int
    contact: int


@dataclass(slots=True, eq=False)
class Kept:
    """A row in memory: its values, its id once it is written, and whether it differs from what is stored."""

    values: dict[str, Any]
    id: int = 0
    changed: bool = False

    def set(self, columns: Mapping[str, Any]) -> None:
        """Takes new values; only a real difference counts as a change."""
        for name, value in columns.items():
            if self.values[name] != value:
                self.values[name] = value
                self.changed = True


@dataclass(slots=True, eq=False)
class KeptAccount(Kept):
    """An account; `owners` are the addresses said for it in this chunk: role → address, since."""

    owners: dict[str, tuple[str, datetime]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class KeptMembership(Kept):
    """A contact's time in an account."""

    contact: KeptContact | None = None
    account: KeptAccount | None = None


@dataclass(slots=True, eq=False)
class KeptContact(Kept):
    """A contact with its memberships, and its events of this chunk that have no account yet."""

    memberships: list[KeptMembership] = field(default_factory=list)
    waiting: list[Attribution] = field(default_factory=list)
    gained: KeptAccount | None = None
    absorbed_by: KeptContact | None = None
    consents: dict[str, list[Kept]] = field(default_factory=dict)  # by topic
    records: list[dict[str, Any]] = field(default_factory=list)  # for the ledger of consent


@dataclass(slots=True, eq=False)
class KeptContract(Kept):
    """A contract of an account."""

    account: KeptAccount | None = None


@dataclass(slots=True, eq=False)
class Attribution:
    """Whom an event is about, as far as it is known."""

    id: int
    occurred_at: datetime
    contact: KeptContact | None = None
    account: KeptAccount | None = None
    event: EventRow | None = None
    words: Sequence[Word] = ()  # what an event of its own says of mail


class Departure(NamedTuple):
    """A membership that a word among a person's traits has ended, when it was known to last; and what else was told."""

    membership: KeptMembership
    event: EventRow
    told: Mapping[str, Any]


@dataclass(slots=True)
class Picture:
    """Everything that the events of a chunk may touch, found by the ids that stand in them."""

    accounts: dict[str, KeptAccount] = field(default_factory=dict)
    contacts: dict[str, KeptContact] = field(default_factory=dict)
    contacts_by_id: dict[int, KeptContact] = field(default_factory=dict)
    contracts: dict[str, KeptContract] = field(default_factory=dict)
    of_nobody: dict[str, list[Attribution]] = field(default_factory=dict)
    staff_ids: dict[str, int] = field(default_factory=dict)
    new_aliases: dict[str, tuple[KeptContact, datetime]] = field(default_factory=dict)
    attributed: list[Attribution] = field(default_factory=list)
    absorbed: list[KeptContact] = field(default_factory=list)  # in their order
    departures: list[Departure] = field(default_factory=list)

    def every_contact(self) -> Iterable[KeptContact]:
        """Each contact once, however many ids it has."""
        return {id(contact): contact for contact in self.contacts.values()}.values()
