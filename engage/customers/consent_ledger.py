"""The ledger of consent: written at once where somebody speaks to us, read back with what proves each word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.consents import Word, note, words_of
from engage.customers.loading import columns_of
from engage.customers.picture import Kept, KeptContact
from engage.customers.tables import Consent, ConsentRecord, Contact
from engage.customers.writing import write_consents
from engage.db.sets import one_of
from engage.errors import InputError, NotFoundError
from engage.events.recording import NewEvent, record
from engage.events.tables import SOURCE_ENGAGE, SOURCE_STAFF
from engage.keys import consent_entry
from engage.language.guessing import way_out

EVERY_TOPIC = "*"
_LISTED = ("public_id", "topic", "state", "basis", "source", "evidence", "said_by", "address", "at", "recorded_at")


class _Told(NamedTuple):
    """An event that is being told, as words are read from it."""

    source_id: int
    message_id: str
    type: str
    name: str
    occurred_at: datetime
    received_at: datetime
    properties: Mapping[str, Any]


def tell_words(session: Session, events: Sequence[NewEvent], *, source_id: int = SOURCE_ENGAGE) -> int:
    """Records events in which known contacts speak of mail; says how many were new.

    What they say holds from the same commit on: when the digest comes to the events, it finds nothing to add.
    """
    words: dict[int, list[Word]] = defaultdict(list)
    for event in events:
        if event.contact_id is not None:
            words[event.contact_id] += words_of(_told(event, source_id))
    contacts = _contacts(session, words)
    for contact_id, said in words.items():
        for word in said:
            note(contacts[contact_id], word)
    write_consents(session, list(contacts.values()))
    return record(session, events, source_id=source_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A word on mail that a colleague heard, read or was given, and what proves it."""

    topic: str
    state: str
    basis: str
    evidence: str
    at: datetime
    by: str


def add_entry(
    session: Session, contact: Contact, entry: Entry, *, topics: Collection[str], now: datetime
) -> dict[str, Any]:
    """Notes the word with its proof, once, and returns its record. It holds at once, as of when it was said."""
    if entry.topic not in topics and entry.topic != EVERY_TOPIC:
        hint = way_out(entry.topic, topics, "declare it in _shared/topics.yaml")
        raise InputError(f"nobody declared the topic {entry.topic}", code="unknown_topic", hint=hint)
    if entry.at > now:
        raise InputError("nobody has said that yet", where=f"{entry.at:%Y-%m-%d}", code="future")
    if not entry.evidence.strip():
        raise InputError("say what proves it", where="evidence", code="no_evidence")
    said = {"topic": entry.topic, "basis": entry.basis, "evidence": entry.evidence, "source": "staff", "by": entry.by}
    event = NewEvent(
        key=consent_entry(contact.public_id, entry.topic, entry.state, entry.at),
        name=f"consent.{entry.state}",
        occurred_at=entry.at,
        received_at=now,
        account_id=None,
        contact_id=contact.id,
        properties=said,
    )
    tell_words(session, [event], source_id=SOURCE_STAFF)
    return list_records(session, contact_ids=[contact.id], topic=entry.topic, limit=1)[0]


def list_records(
    session: Session, *, contact_ids: Iterable[int] | None = None, topic: str | None = None, limit: int
) -> list[dict[str, Any]]:
    """The newest records, of some contacts or of one topic."""
    asked = _RECORDS.order_by(ConsentRecord.id.desc()).limit(limit)
    if contact_ids is not None:
        asked = asked.where(one_of(ConsentRecord.contact_id, contact_ids))
    if topic is not None:
        asked = asked.where(ConsentRecord.topic == topic)
    return [dict(row) for row in session.execute(asked).mappings()]


def show_record(session: Session, public_id: str) -> dict[str, Any]:
    """One record of the ledger."""
    found = session.execute(_RECORDS.where(ConsentRecord.public_id == public_id)).mappings().first()
    if found is None:
        raise NotFoundError("there is no such record", where=public_id, hint="engage consents list shows them")
    return dict(found)


def words_on_mail(session: Session, contact_ids: Iterable[int]) -> Sequence[Any]:
    """What these contacts said, in the order in which it was said; at the same instant a no stands after a yes."""
    asked = select(*columns_of(Consent)).where(one_of(Consent.contact_id, contact_ids))
    return session.execute(asked.order_by(Consent.at, Consent.state, Consent.basis, Consent.source)).all()


def _told(event: NewEvent, source_id: int) -> _Told:
    when = (event.occurred_at, event.received_at)
    return _Told(source_id, event.key, event.type, event.name, *when, event.properties)


def _contacts(session: Session, ids: Iterable[int]) -> dict[int, KeptContact]:
    """These contacts with the words that they said before."""
    wanted = set(ids)
    rows = session.execute(select(Contact.id, Contact.email).where(one_of(Contact.id, wanted)))
    found = {row.id: KeptContact({"email": row.email}, id=row.id) for row in rows}
    for row in words_on_mail(session, wanted):
        values = dict(row._mapping)
        kept = Kept(values, id=values.pop("id"))
        found[row.contact_id].consents.setdefault(row.topic, []).append(kept)
    return found


_RECORDS = select(
    *(getattr(ConsentRecord, name) for name in _LISTED),
    Contact.public_id.label("contact"),
    Contact.external_id.label("user_id"),
).outerjoin(Contact, Contact.id == ConsentRecord.contact_id)
