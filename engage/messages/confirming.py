"""The yes to a topic that asks twice: given on the page behind the mail that asked, in time, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from engage.customers.consent_ledger import tell_words, words_on_mail
from engage.customers.consents import DOUBLE_OPT_IN, GRANTED
from engage.errors import ConflictError, NotFoundError
from engage.events.recording import NewEvent
from engage.events.tables import SOURCE_ENGAGE, EventKey
from engage.keys import message_event
from engage.language.words import Text
from engage.messages.formats import language_of
from engage.messages.linked import HANDED_OVER, address_of, locked_reader, masked, message_of
from engage.messages.policy.consent import word_on, words_held
from engage.messages.preferring import begin_again
from engage.messages.requesting import CONFIRMATION
from engage.messages.tables import Message
from engage.releases.library import Library

CONFIRM_WITHIN = timedelta(days=7)
CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Request:
    """What a link asks about, as its page says it; `state` is open, confirmed, stopped, expired or unsent."""

    state: str
    locale: str
    company: Mapping[str, Any]
    topic: Text | None
    about: Text | None
    key: str
    address: str

    @property
    def title(self) -> str:
        """What the topic is called in the language of the mail; its key where nobody declares it any more."""
        return self.topic.for_locale(self.locale) if self.topic else self.key


def describe(session: Session, library: Library, public_id: str, *, now: datetime) -> Request:
    """What the link of a mail asks about; changes nothing."""
    message = _asking(session, public_id)
    vocabulary, locale = library.vocabulary(session), language_of(message.locale)
    topic = vocabulary.topics.get(message.topic)
    return Request(
        state=_state(session, message, now),
        locale=locale,
        company=vocabulary.company.facts(locale),
        topic=topic.title if topic else None,
        about=topic.about if topic else None,
        key=message.topic,
        address=masked(address_of(session, message)),
    )


def confirm(session: Session, public_id: str, *, now: datetime, request: Mapping[str, Any] | None = None) -> bool:
    """Notes the yes with its proof; False when it was noted before. ConflictError: too late, or not sent yet."""
    message = _asking(session, public_id)
    reader = locked_reader(session, message)
    state = _state(session, message, now)
    if state in (CONFIRMED, "stopped"):
        return False
    if state != "open":
        raise ConflictError("this cannot be confirmed", code=state)
    begin_again(session, address_of(session, message), [message.topic])
    return tell_words(session, [_yes(message, reader, request or {}, now)]) > 0


def _asking(session: Session, public_id: str) -> Message:
    """The mail that asked; another one asks for no such yes."""
    message = message_of(session, public_id)
    if message.origin != CONFIRMATION:
        raise NotFoundError("this mail asks for no confirmation", code="bad_link")
    return message


def _state(session: Session, message: Message, now: datetime) -> str:
    if session.get(EventKey, (SOURCE_ENGAGE, message_event(message.public_id, CONFIRMED))) is not None:
        words = words_held(words_on_mail(session, [message.contact_id])).get(message.contact_id, {})
        holds = word_on(words, message.topic)
        return CONFIRMED if holds is not None and holds.state == GRANTED else "stopped"
    if message.state not in HANDED_OVER:
        return "unsent"
    return "open" if now <= (message.accepted_at or message.created_at) + CONFIRM_WITHIN else "expired"


def _yes(message: Message, reader: str, request: Mapping[str, Any], now: datetime) -> NewEvent:
    return NewEvent(
        key=message_event(message.public_id, CONFIRMED),
        name="consent.granted",
        occurred_at=now,
        received_at=now,
        account_id=message.account_id,
        contact_id=message.contact_id,
        properties={
            "topic": message.topic,
            "basis": DOUBLE_OPT_IN,
            "evidence": f"{CONFIRMATION} {message.public_id}",
            "source": CONFIRMATION,
            "by": reader,
            "request": dict(request),
        },
    )
