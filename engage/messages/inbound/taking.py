"""Takes mail in: each once, whichever door it comes through and however often; what nobody understands is kept, too."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from engage.channels.email.inbound.arrived import Arrived
from engage.channels.email.inbound.letter import Letter, read_letter
from engage.channels.email.inbound.quoting import own_words
from engage.db.bulk import insert_ignore
from engage.db.session import is_passing
from engage.ids import new_id
from engage.keys import address_key
from engage.messages.inbound.receipts import record_report
from engage.messages.inbound.tables import InboundEmail, InboundRaw
from engage.messages.inbound.telling import moment_of, tell_automatic, tell_flood, tell_reply
from engage.messages.inbound.understanding import AUTO_REPLY, BOUNCE, OTHER, REPLY, Understood, understand
from engage.releases.library import Library

log = logging.getLogger(__name__)

MOST_KEPT = 1 << 20  # bytes of a mail; text comes first in it, attachments behind
_MOST_WORDS = 20_000
_MOST_NAMED = 50


def take(session: Session, library: Library, arrived: Sequence[Arrived], *, now: datetime) -> int:
    """Keeps the mails that are new and does what follows from each; how many were new."""
    return sum(_take_one(session, library, one, now) for one in arrived)


def _take_one(session: Session, library: Library, arrived: Arrived, now: datetime) -> bool:
    """One mail that goes wrong stops no other: it is kept unread, for a person."""
    try:
        with session.begin_nested():
            return _taken(session, library, arrived, now)
    except Exception as error:
        if is_passing(error):
            raise
        log.exception("a mail could not be understood", extra={"door": arrived.door, "size": arrived.size})
        unread = Understood(OTHER, meaning="unread")
        return _keep(session, arrived, read_letter(b""), unread, now) is not None


def _taken(session: Session, library: Library, arrived: Arrived, now: datetime) -> bool:
    letter = read_letter(arrived.raw)
    understood = understand(session, letter, arrived, now=now)
    mail = _keep(session, arrived, letter, understood, now)
    if mail is None:
        return False
    found, vocabulary = understood.match, library.vocabulary(session)
    if understood.kind == REPLY:
        tell_reply(session, vocabulary, mail, found, now)
    elif understood.kind == AUTO_REPLY and understood.automatic is not None:
        tell_automatic(session, vocabulary, mail, found, understood.automatic, now)
    elif understood.kind == BOUNCE and understood.report is not None and found.message is not None:
        key, at = mail["natural_key"], moment_of(letter.sent_at, now)
        record_report(session, understood.report, found.message, key=key, at=at, now=now)
    elif understood.meaning == "flood":
        tell_flood(session, vocabulary, mail, now)
    return True


def _keep(
    session: Session, arrived: Arrived, letter: Letter, understood: Understood, now: datetime
) -> dict[str, Any] | None:
    """The row as it was written; None where the mail was known."""
    row = _row(arrived, letter, understood, now)
    new = insert_ignore(session, InboundEmail, [row], returning=[InboundEmail.id])
    if not new:
        return None
    if understood.meaning != "flood":
        kept = {"inbound_id": new[0].id, "size": arrived.size, "raw": arrived.raw[:MOST_KEPT]}
        session.execute(insert(InboundRaw), [kept])
    return row


def _row(arrived: Arrived, letter: Letter, understood: Understood, now: datetime) -> dict[str, Any]:
    found, is_flood = understood.match, understood.meaning == "flood"
    return {
        "public_id": new_id("inb"),
        "natural_key": natural_key(letter, arrived.raw),
        "door": arrived.door,
        "received_at": now,
        "sent_at": letter.sent_at,
        "kind": understood.kind,
        "meaning": understood.meaning,
        "header_id": letter.header_id[:500],
        "from_name": letter.sender[0][:200],
        "from_address": letter.sender[1][:320],
        "from_key": address_key(letter.sender[1])[:320],
        "recipients": [address[:320] for _, address in letter.to][:_MOST_NAMED],
        "subject": letter.subject[:500],
        "text": "" if is_flood else own_words(letter.text)[:_MOST_WORDS],
        "attachments": [
            {"name": one.name, "type": one.type, "size": one.size} for one in letter.attachments[:_MOST_NAMED]
        ],
        "matched_by": found.by,
        "message_id": found.message.id if found.message is not None else None,
        "contact_id": found.contact_id,
        "account_id": found.account_id,
        "findings": dict(understood.findings),
    }


def natural_key(letter: Letter, raw: bytes) -> str:
    """What makes a mail the same however it comes: its Message-ID, writer and date; without these its bytes.

    The envelope is left out: one mail may come twice, by a mailbox and by SendGrid, or to two of our addresses.
    """
    if letter.header_id:
        said = "\x1f".join((letter.header_id, letter.sender[1], letter.header("Date"), letter.subject))
        return "mail:" + hashlib.sha256(said.encode()).hexdigest()
    return "bytes:" + hashlib.sha256(raw).hexdigest()
