"""What a contact agreed to or refused: the newest word on a topic holds, however late an older one is learned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from engage.customers.picture import Attribution, Kept, KeptContact
from engage.customers.traits import YES
from engage.events.instants import parse_instant
from engage.events.tables import SOURCE_ENGAGE, SOURCE_IMPORT, SOURCE_STAFF
from engage.events.trait_checks import CONSENT_EVENTS, holds_control
from engage.ids import stable_id

GRANTED: Final = "granted"
WITHDRAWN: Final = "withdrawn"
DOUBLE_OPT_IN: Final = "double_opt_in"
BASES: Final = ("consent", DOUBLE_OPT_IN, "card", "relationship", "published")
"""Why mail may be sent; the words are those of Japan's act on specified electronic mail, article 3-1."""
TRAITS: Final = "traits"
IMPORT: Final = "import"
HEARSAY: Final = frozenset({TRAITS, IMPORT})
"""What another system tells again and again: a yes from there takes back no refusal that the person said to us."""


class Told(Protocol):
    """What is read of an event: where it comes from, what it says, and when."""

    @property
    def source_id(self) -> int: ...
    @property
    def message_id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def properties(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word on a topic of mail, as the ledger keeps it; `public_id` is made from the event that says it."""

    public_id: str
    topic: str
    state: str
    basis: str
    evidence: str
    source: str
    said_by: str
    at: datetime
    recorded_at: datetime


class Said(Protocol):
    """A word as it is read back."""

    @property
    def contact_id(self) -> int: ...
    @property
    def topic(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def source(self) -> str: ...


Row = TypeVar("Row", bound=Said)
Place = tuple[datetime, str, str, str, str]
"""Where a word stands among others; of those of one instant, too, one is always the first."""


def words_of(event: Told) -> Iterator[Word]:
    """The words on mail that an event says: one of its own, or those among a person's traits."""
    if event.name in CONSENT_EVENTS:
        topic, said = event.properties.get("topic"), _of_event(event)
        told = {topic: said} if isinstance(topic, str) else {}
    elif event.type == "identify":
        consents = event.properties.get("consents")
        told = {str(topic): _as_consent(said) for topic, said in sorted(_mapping(consents).items())}
    else:
        return
    source, said_by = _whence(event)
    for topic, said in told.items():
        if said.get("state") in (GRANTED, WITHDRAWN) and not holds_control(topic):
            yield Word(
                public_id=stable_id("cns", event.source_id, event.message_id, topic),
                topic=topic,
                state=said["state"],
                basis=str(said["basis"]),
                evidence=str(said["evidence"]),
                source=source,
                said_by=said_by,
                at=_when(said, event.occurred_at),
                recorded_at=event.received_at,
            )


def note_words_of(contact: KeptContact, attribution: Attribution) -> None:
    """Notes what an event says of mail; most say nothing."""
    for word in attribution.words:
        note(contact, word)


def note(contact: KeptContact, said: Word) -> None:
    """Keeps the first and the last yes, the first and the last no: so nothing depends on what is learned when.

    What is only heard of is kept beside what was said to us. A word that every login repeats moves the last one
    forward; the ledger gets a record only where something else held before.
    """
    words = contact.consents.setdefault(said.topic, [])
    same = sorted((word for word in words if _is_alike(word, said)), key=_place)
    if same and _place(same[0]) <= _place_of(said) <= _place(same[-1]):
        return
    news = {name: value for name, value in asdict(said).items() if name not in ("public_id", "said_by", "recorded_at")}
    news["record_id"] = _record(contact, words, said)
    if len(same) > 1:
        (same[0] if _place_of(said) < _place(same[0]) else same[-1]).set(news)
    else:
        words.append(Kept(news, changed=True))


def absorb_consents(old: KeptContact, contact: KeptContact) -> None:
    """Makes the words of a contact that is absorbed those of the one that stays."""
    for topic, words in old.consents.items():
        contact.consents.setdefault(topic, []).extend(words)
    old.consents = {}


def holding(rows: Iterable[Row]) -> dict[tuple[int, str], Row]:
    """Of words in the order in which they were said, which one holds for each contact and topic."""
    holds: dict[tuple[int, str], Row] = {}
    own: dict[tuple[int, str], str] = {}
    for row in rows:
        key = (row.contact_id, row.topic)
        if row.source not in HEARSAY:
            own[key] = row.state
        elif row.state == GRANTED and own.get(key) == WITHDRAWN:
            continue
        holds[key] = row
    return holds


def _record(contact: KeptContact, words: Iterable[Kept], said: Word) -> str | None:
    """The record that proves the word: that of the word before, which said the very same, or one of its own."""
    before = max((word for word in words if _place(word) <= _place_of(said)), key=_place, default=None)
    proven = ("state", "basis", "source", "evidence")
    if before is not None and all(before.values[name] == getattr(said, name) for name in proven):
        found: str | None = before.values["record_id"]
        return found
    contact.records.append(asdict(said))
    return said.public_id


def _is_alike(word: Kept, said: Word) -> bool:
    is_heard = said.source in HEARSAY
    return bool(word.values["state"] == said.state) and (word.values["source"] in HEARSAY) == is_heard


def _place(word: Kept) -> Place:
    said = word.values
    return said["at"], said["state"], said["basis"], said["source"], said["evidence"]


def _place_of(said: Word) -> Place:
    return said.at, said.state, said.basis, said.source, said.evidence


def _of_event(event: Told) -> dict[str, Any]:
    granted = event.name == "consent.granted"
    return {
        "state": GRANTED if granted else WITHDRAWN,
        "basis": event.properties.get("basis") or ("consent" if granted else "unsubscribe"),
        "evidence": event.properties.get("evidence") or event.name,
    }


def _as_consent(said: object) -> dict[str, Any]:
    """A consent said as a trait: yes, no, or a mapping with basis and evidence."""
    if isinstance(said, Mapping):
        return {"basis": "consent", "evidence": "", **said}
    granted = said in YES or said == GRANTED
    return {"state": GRANTED if granted else WITHDRAWN, "basis": "consent", "evidence": "identify"}


def _when(said: Mapping[str, Any], told_at: datetime) -> datetime:
    """The day that the word names itself, where it came before it was told."""
    named = parse_instant(said.get("at"))
    return min(named, told_at) if named is not None else told_at


def _mapping(said: object) -> Mapping[Any, Any]:
    return said if isinstance(said, Mapping) else {}


def _whence(event: Told) -> tuple[str, str]:
    """How an event reached us, and who said it; only Engage and its own people say that of themselves."""
    if event.source_id in (SOURCE_ENGAGE, SOURCE_STAFF):
        is_ours = event.source_id == SOURCE_ENGAGE
        said = event.properties
        return str(said.get("source") or "event"), str(said.get("by") or ("customer" if is_ours else "staff"))
    is_import = event.source_id == SOURCE_IMPORT
    said_by = IMPORT if is_import else f"key:{event.source_id}"
    if event.type == "identify":
        return (IMPORT if is_import else TRAITS), said_by
    return "event", said_by
