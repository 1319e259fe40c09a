"""What the reader of a mail gets, topic by topic: from what they said, and from what was stopped at their address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engage.customers.consent_ledger import words_on_mail
from engage.customers.consents import DOUBLE_OPT_IN, GRANTED, WITHDRAWN
from engage.customers.tables import Account, ConsentRecord, Contact
from engage.keys import address_key
from engage.language.vocabulary import Topic
from engage.language.words import Text
from engage.messages.copies import had_copies
from engage.messages.formats import language_of
from engage.messages.linked import HANDED_OVER, address_of, masked, message_of
from engage.messages.policy.candidate import ConsentWord
from engage.messages.policy.consent import word_on, words_held
from engage.messages.policy.suppression import EVERYTHING
from engage.messages.suppressed import load_suppressed
from engage.releases.library import Library


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind of mail that a reader may have or not: whether they get it, or would if they confirmed it."""

    key: str
    title: Text
    about: Text | None
    is_on: bool
    waits: bool  # for the yes to the mail that asks again
    asks_twice: bool


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a link shows, as its page says it; `state` is open, unsent, or stopped where the address gets no mail."""

    state: str
    why_stopped: str
    locale: str
    company: Mapping[str, Any]
    customer: str
    address: str
    is_shared: bool
    is_copied: bool
    choices: tuple[Choice, ...]
    version: str  # changes with every word; a form made before may take back, but not ask for more


def describe(session: Session, library: Library, public_id: str) -> Preferences:
    """The preferences of whom a message went to; changes nothing."""
    message = message_of(session, public_id)
    contact = session.get_one(Contact, message.contact_id)
    account = session.get(Account, message.account_id) if message.account_id else None
    address = address_of(session, message)
    stopped = _suppressed(session, library, contact, address)
    vocabulary = library.vocabulary(session)
    is_sent = message.state in HANDED_OVER and message.channel == "email"
    return Preferences(
        state="unsent" if not is_sent else "stopped" if EVERYTHING in stopped else "open",
        why_stopped=stopped.get(EVERYTHING, ""),
        locale=language_of(message.locale),
        company=vocabulary.company.facts(language_of(message.locale)),
        customer=account.name if account else "",
        address=masked(address),
        is_shared=contact.is_shared_box,
        is_copied=had_copies(session, message),
        choices=_choices(session, library, contact, stopped),
        version=_version(session, contact.id),
    )


def _choices(session: Session, library: Library, contact: Contact, stopped: Mapping[str, str]) -> tuple[Choice, ...]:
    words = words_held(words_on_mail(session, [contact.id])).get(contact.id, {})
    topics = library.vocabulary(session).topics
    return tuple(
        _choice(key, topic, word_on(words, key), key in stopped)
        for key, topic in topics.items()
        if topic.may_be_stopped
    )


def _choice(key: str, topic: Topic, word: ConsentWord | None, is_stopped: bool) -> Choice:
    state = word.state if word is not None else None
    is_confirmed = word is not None and word.basis == DOUBLE_OPT_IN
    waits = topic.double_opt_in and state == GRANTED and not is_confirmed
    needs_yes = topic.double_opt_in or topic.purpose == "promotional"
    is_allowed = state == GRANTED if needs_yes else state != WITHDRAWN
    return Choice(
        key=key,
        title=topic.title,
        about=topic.about,
        is_on=is_allowed and not waits and not is_stopped,
        waits=waits,
        asks_twice=topic.double_opt_in,
    )


def _suppressed(session: Session, library: Library, contact: Contact, address: str) -> Mapping[str, str]:
    reader = (address_key(address), contact.external_id)
    return load_suppressed(session, library.seal, [reader]).of(*reader)


def _version(session: Session, contact_id: int) -> str:
    newest = select(func.max(ConsentRecord.id)).where(ConsentRecord.contact_id == contact_id).scalar_subquery()
    return session.scalar(select(ConsentRecord.public_id).where(ConsentRecord.id == newest)) or ""
