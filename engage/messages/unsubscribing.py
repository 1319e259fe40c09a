"""Stopping one topic for one address, at once and as often as asked: the same answer every time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from engage.customers.tables import Contact
from engage.errors import InputError
from engage.keys import address_key
from engage.messages.copies import had_copies
from engage.messages.linked import address_of, locked_reader, masked, message_of
from engage.messages.links import Links
from engage.messages.news import tell
from engage.messages.refusing import Refusal, has_refused, tell_refusals
from engage.messages.suppressing import UNSUBSCRIBED, Stopped, suppress
from engage.messages.tables import Message, Suppression
from engage.releases.library import Library

ONE_CLICK: Final = "one_click"

Asks = Literal["nothing", "copied", "shared"]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link would stop, as its page says it; the address is shown so that only its owner knows it again."""

    topic: str
    titles: Mapping[str, str]
    address: str
    locale: str
    company: Mapping[str, str]
    stopped: bool
    asks: Asks  # of whoever presses the button: to say that they may speak for this address


def unsubscribe_headers(links: Links, public_id: str, *, purpose: str, has_copies: bool) -> tuple[tuple[str, str], ...]:
    """What mail programs need for their own button (RFC 8058); a copied reader gets the page, never the one click."""
    if purpose == "transactional":
        return ()
    listed = ("List-Unsubscribe", f"<{links.unsubscribe_url(public_id)}>")
    return (listed,) if has_copies else (listed, ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))


def describe(session: Session, library: Library, public_id: str) -> Offer:
    """What following the link would stop; changes nothing."""
    message = message_of(session, public_id)
    address = address_of(session, message)
    vocabulary = library.vocabulary(session)
    known = vocabulary.topics.get(message.topic)
    stopped = session.get(Suppression, (address_key(address), message.topic)) is not None
    stopped = stopped and has_refused(session, message.public_id, message.contact_id, message.topic)
    return Offer(
        topic=message.topic,
        titles={locale: known.title.for_locale(locale) if known else message.topic for locale in ("ja", "en")},
        address=masked(address),
        locale="ja" if message.locale.startswith("ja") else "en",
        company={locale: str(vocabulary.company.facts(locale).get("name", "")) for locale in ("ja", "en")},
        stopped=stopped,
        asks=_asks(session, message),
    )


def stop_topic(
    session: Session,
    public_id: str,
    *,
    source: str,
    now: datetime,
    is_own: bool = False,
    request: Mapping[str, Any] | None = None,
) -> bool:
    """Stops the message's topic for its reader and the address it went to; True when it was not stopped before.

    InputError where others have the mail, too, and nobody said that it is their own. A box that several people read has
    its own button in their mail program, but a mail with copies was never given one.

    Somebody else may have stopped it at a shared address: that word was not this reader's own. What is known of the
    `request` is kept as proof. Takes the contact's lock, as delivery does: what commits first wins.
    """
    message = message_of(session, public_id)
    asks = _asks(session, message)
    if not is_own and (asks == "copied" or (asks == "shared" and source != ONE_CLICK)):
        raise InputError("others read this mail: whoever stops it has to say that they may", code="not_confirmed")
    stopped = Stopped(
        address_key(address_of(session, message)), message.topic, UNSUBSCRIBED, source, now,
        by=locked_reader(session, message), message=message.public_id, proof=dict(request or {}),
    )  # fmt: skip
    new = bool(suppress(session, [stopped]))
    refusal = Refusal(
        message_id=message.public_id,
        account_id=message.account_id,
        contact_id=message.contact_id,
        topic=message.topic,
        basis="unsubscribe",
        source=source,
        at=now,
    )
    told = tell_refusals(session, [refusal], now=now)
    if new or told:
        tell(session, UNSUBSCRIBED, [message], now=now)
    return new or bool(told)


def _asks(session: Session, message: Message) -> Asks:
    """Whether others may hold the link in their hands; of a mail that was forwarded nobody knows."""
    if had_copies(session, message):
        return "copied"
    return "shared" if session.get_one(Contact, message.contact_id).is_shared_box else "nothing"
