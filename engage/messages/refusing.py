"""Somebody wants no more of a kind of mail: said as an event first, so that a replay knows it; the consent follows.

The suppression of the address, which the caller writes, holds from the same commit on; the event speaks for the person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.consent_ledger import tell_words
from engage.customers.tables import Consent
from engage.db.sets import one_of
from engage.events.recording import NewEvent
from engage.events.tables import SOURCE_ENGAGE, EventKey
from engage.keys import refusal_event, reported_refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One contact's no to one topic, or to all mail (`*`), on account of one message."""

    message_id: str
    account_id: int | None
    contact_id: int
    topic: str
    basis: str  # unsubscribe | complaint
    source: str
    at: datetime
    said_by: str = "customer"  # or the provider that told us


def tell_refusals(session: Session, refusals: Sequence[Refusal], *, now: datetime) -> int:
    """Records `unsubscribed` for each that is not this contact's newest word already; says how many were new.

    It holds from the same commit on, and the ledger of consent has it.
    """
    words = _words(session, {one.contact_id for one in refusals})
    events = [
        _event(one, refusal_event(one.message_id, one.contact_id, one.topic, len(said)), now)
        for one in refusals
        if (said := words[one.contact_id, one.topic])[-1:] != ["withdrawn"]
    ]
    return tell_words(session, events) if events else 0


def pass_on_refusals(session: Session, refusals: Sequence[Refusal], *, now: datetime) -> int:
    """Records `unsubscribed` once for each that a provider reports, be it news or not; says how many were new.

    What was known before must not matter: receipts come in any order, and the same words have to stand in the end.
    """
    events = [_event(one, _key_of_report(one), now) for one in refusals]
    return tell_words(session, events) if events else 0


def has_refused(session: Session, message_id: str, contact_id: int, topic: str) -> bool:
    """Whether this contact's newest word is a no, or has just been said through this message."""
    said = _words(session, {contact_id})[contact_id, topic]
    key = refusal_event(message_id, contact_id, topic, len(said))
    return said[-1:] == ["withdrawn"] or session.get(EventKey, (SOURCE_ENGAGE, key)) is not None


def _words(session: Session, contacts: Iterable[int]) -> dict[tuple[int, str], list[str]]:
    """What each contact said on each topic, the newest last."""
    asked = select(Consent.contact_id, Consent.topic, Consent.state).where(one_of(Consent.contact_id, contacts))
    words: dict[tuple[int, str], list[str]] = defaultdict(list)
    for contact_id, topic, state in session.execute(asked.order_by(Consent.at, Consent.state)):
        words[contact_id, topic].append(state)
    return words


def _key_of_report(one: Refusal) -> str:
    return reported_refusal(one.message_id, one.contact_id, one.topic, f"{one.source}:{one.basis}", one.at)


def _event(one: Refusal, key: str, now: datetime) -> NewEvent:
    return NewEvent(
        key=key,
        name="unsubscribed",
        occurred_at=one.at,
        received_at=now,
        account_id=one.account_id,
        contact_id=one.contact_id,
        properties={
            "topic": one.topic,
            "basis": one.basis,
            "evidence": f"{one.source} {one.message_id}",
            "source": one.source,
            "by": one.said_by,
        },
    )
