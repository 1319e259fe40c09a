"""What a reader asks for on the page of preferences: less holds from the same commit on, more only if they may ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from engage.customers.consent_ledger import tell_words, words_on_mail
from engage.db.sets import one_of
from engage.errors import ConflictError, InputError
from engage.events.recording import NewEvent
from engage.keys import address_key, agreement_by_message
from engage.messages.copies import had_copies
from engage.messages.linked import address_of, locked_reader, message_of
from engage.messages.news import tell
from engage.messages.policy.suppression import EVERYTHING
from engage.messages.preferences import describe
from engage.messages.refusing import Refusal, tell_refusals
from engage.messages.suppressing import UNSUBSCRIBED, Stopped, suppress
from engage.messages.tables import Message, Suppression
from engage.releases.library import Library

SOURCE = "preferences"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a form asks for: which topics were on when it was shown, which are to be."""

    was: Collection[str] = ()
    wanted: Collection[str] = ()
    version: str = ""
    nothing: bool = False  # stop everything that may be stopped
    is_own: bool = False  # the addressee says so, where others got a copy


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a wish."""

    stopped: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()  # begin once the reader has confirmed them
    too_old: bool = False  # what was to begin was left as it is


def save(
    session: Session,
    library: Library,
    public_id: str,
    wish: Wish,
    *,
    now: datetime,
    request: Mapping[str, Any] | None = None,
) -> Saved:
    """Does what the reader asks, once; a form that is older than their newest word begins nothing new.

    Takes the contact's lock, as delivery does: what commits first wins.
    """
    message = message_of(session, public_id)
    if not wish.is_own and had_copies(session, message):
        raise InputError("others got a copy of this mail: its addressee has to say so", code="not_confirmed")
    desk = _Desk(session, message, locked_reader(session, message), address_of(session, message), now, request or {})
    before = describe(session, library, public_id)
    if before.state != "open":
        raise ConflictError("nothing can be changed by this link", code=before.state)
    on = {one.key for one in before.choices if one.is_on or one.waits}
    known = {one.key: one for one in before.choices}
    if wish.nothing:
        return Saved(stopped=desk.stop([EVERYTHING, *known]))
    off = [key for key in known if key in wish.was and key not in wish.wanted and key in on]
    more = [key for key in known if key in wish.wanted and key not in wish.was and key not in on]
    too_old = bool(more) and wish.version != before.version
    begin = [] if too_old else more
    return Saved(
        stopped=desk.stop(off),
        started=desk.start([key for key in begin if not known[key].asks_twice]),
        asked=desk.agree([key for key in begin if known[key].asks_twice]),
        too_old=too_old,
    )


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where what one reader asks for is written down."""

    session: Session
    message: Message
    reader: str
    address: str
    now: datetime
    request: Mapping[str, Any]

    def stop(self, topics: Collection[str]) -> tuple[str, ...]:
        """No more mail on these topics, to the address from this commit on, and to the person wherever they are."""
        named = [topic for topic in topics if topic != EVERYTHING]
        suppress(self.session, [self._stopped(topic) for topic in named])
        said = [EVERYTHING] if EVERYTHING in topics else named
        if tell_refusals(self.session, [self._refusal(topic) for topic in said], now=self.now):
            tell(self.session, UNSUBSCRIBED, [self.message], now=self.now)
        return tuple(named)

    def start(self, topics: Collection[str]) -> tuple[str, ...]:
        """Mail on these topics again: what the reader stopped at this address is lifted; a bounce is not."""
        begin_again(self.session, self.address, topics)
        return self.agree(topics)

    def agree(self, topics: Collection[str]) -> tuple[str, ...]:
        """The reader's yes, as their word."""
        said = words_on_mail(self.session, [self.message.contact_id])
        counts = {topic: sum(word.topic == topic for word in said) for topic in topics}
        tell_words(self.session, [self._yes(topic, counts[topic]) for topic in topics])
        return tuple(topics)

    def _stopped(self, topic: str) -> Stopped:
        return Stopped(
            address_key(self.address), topic, UNSUBSCRIBED, SOURCE, self.now,
            by=self.reader, message=self.message.public_id, proof=dict(self.request),
        )  # fmt: skip

    def _refusal(self, topic: str) -> Refusal:
        return Refusal(
            message_id=self.message.public_id,
            account_id=self.message.account_id,
            contact_id=self.message.contact_id,
            topic=topic,
            basis="unsubscribe",
            source=SOURCE,
            at=self.now,
        )

    def _yes(self, topic: str, words_before: int) -> NewEvent:
        said = {"topic": topic, "basis": "consent", "evidence": f"{SOURCE} {self.message.public_id}", "source": SOURCE}
        return NewEvent(
            key=agreement_by_message(self.message.public_id, self.message.contact_id, topic, words_before),
            name="consent.granted",
            occurred_at=self.now,
            received_at=self.now,
            account_id=self.message.account_id,
            contact_id=self.message.contact_id,
            properties=said,
        )


def begin_again(session: Session, address: str, topics: Collection[str]) -> None:
    """Lifts what readers stopped at an address; what a provider said of it stays."""
    mine = (Suppression.address_key == address_key(address), Suppression.reason == UNSUBSCRIBED)
    session.execute(delete(Suppression).where(*mine, one_of(Suppression.topic, topics)))
