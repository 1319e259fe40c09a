"""Everything that is kept of a person: their rows, the words that they were sent, and who spoke of them."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engage.customers.tables import Contact
from engage.db.sets import one_of
from engage.errors import EngageError
from engage.messages.inbound.tables import InboundEmail, InboundRaw
from engage.messages.links import Links
from engage.messages.rendering import render_email, render_in_app
from engage.messages.tables import Message, Suppression
from engage.releases.library import Library
from engage.upkeep.privacy.places import PLACES
from engage.upkeep.privacy.reading import deeds_about, rows_of, rows_that_mention
from engage.upkeep.privacy.scrubbing import Scrubber
from engage.upkeep.privacy.traces import Traces, traces_of

_INTERNAL = frozenset({"said_at", "address_key", "lease_until", "fence", "natural_key", "raw"})


def export(session: Session, library: Library, contact: Contact, *, links: Links, now: datetime) -> dict[str, Any]:
    """One JSON value: `theirs` by table, `mentions` of them in rows of their customers, `words` of each message.

    `received` has the bytes of the mails that they wrote, in base64.
    """
    scrubber = Scrubber(traces_of(session, contact), library.seal)
    traces = scrubber.traces
    theirs = {place.name: [_plain(row) for row in rows_of(session, place, traces)] for place in PLACES}
    theirs["suppressions"] = _suppressions(session, library, traces)
    theirs["audit_entries"] = [_plain(row) for row in deeds_about(session, traces, set())]
    mentions = {place.name: [_plain(row) for row, _ in rows_that_mention(session, place, scrubber)] for place in PLACES}
    mentions["notices"] = [_without_doors(row) for row in mentions["notices"]]
    return {
        "person": {"id": contact.public_id, "user_ids": sorted(traces.user_ids), "addresses": _addresses(traces)},
        "exported_at": now.isoformat(),
        "theirs": {name: rows for name, rows in theirs.items() if rows},
        "mentions": {name: rows for name, rows in mentions.items() if rows},
        "words": _words(session, library, traces, links),
        "received": _received(session, theirs["inbound_emails"]),
    }


def packed(exported: Mapping[str, Any]) -> bytes:
    """The same as a zip file: `person.json`, and each message as files that a person can open."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("person.json", json.dumps(exported, ensure_ascii=False, indent=2) + "\n")
        for message_id, words in exported["words"].items():
            for name, said in words.items():
                if said:
                    archive.writestr(f"messages/{message_id}/{_FILES[name]}", said)
        for inbound_id, raw in exported["received"].items():
            archive.writestr(f"received/{inbound_id}.eml", base64.b64decode(raw))
    return held.getvalue()


_FILES = {
    "subject": "subject.txt",
    "html": "body.html",
    "text": "body.txt",
    "link": "link.txt",
    "why_not": "why-not.txt",
}


def _words(session: Session, library: Library, traces: Traces, links: Links) -> dict[str, dict[str, str | None]]:
    """What each message says, made again where its bytes are not kept."""
    found = session.scalars(select(Message).where(one_of(Message.id, traces.message_ids)).order_by(Message.id))
    return {message.public_id: _said(session, library, message, links) for message in found}


def _received(session: Session, mails: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The bytes of these mails, as many as are kept."""
    asked = select(InboundEmail.public_id, InboundRaw.raw).join(InboundRaw, InboundRaw.inbound_id == InboundEmail.id)
    found = session.execute(asked.where(one_of(InboundEmail.id, (mail["id"] for mail in mails))))
    return {row.public_id: base64.b64encode(row.raw).decode("ascii") for row in found}


def _said(session: Session, library: Library, message: Message, links: Links) -> dict[str, str | None]:
    try:
        if message.channel == "email":
            mail = render_email(library, session, message, links=links)
            return {"subject": mail.subject, "html": mail.html, "text": mail.text}
        shown = render_in_app(library, session, message)
        return {"subject": shown.title, "text": shown.body, "link": shown.link}
    except EngageError as error:
        return {"why_not": f"{error}\n"}


def _suppressions(session: Session, library: Library, traces: Traces) -> list[dict[str, Any]]:
    keys = {*traces.addresses, *traces.shared} | {library.seal.of_user(one) for one in traces.user_ids}
    asked = select(Suppression.__table__).where(or_(one_of(Suppression.address_key, keys)))
    return [_plain(dict(row)) for row in session.execute(asked).mappings()]


def _addresses(traces: Traces) -> list[str]:
    return sorted({*traces.addresses, *traces.shared})


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON has it, without what only the engine needs."""
    told = {name: value for name, value in row.items() if name not in _INTERNAL and value not in (None, {}, [])}
    plain: dict[str, Any] = json.loads(json.dumps(told, default=str, ensure_ascii=False))
    return plain


def _without_doors(letter: Any) -> Any:
    """News without the links by which a colleague decides; they are nobody else's."""
    if isinstance(letter, list):
        return [_without_doors(inner) for inner in letter]
    if isinstance(letter, Mapping):
        return {name: _without_doors(inner) for name, inner in letter.items() if name != "decide"}
    return letter
