"""From a rendered mail to what a channel carries: who it is from, whom it goes to, and the headers machines read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.channels.base import Mailbox, OutboundEmail
from engage.customers.tables import Contact
from engage.db.sets import one_of
from engage.errors import EngageError
from engage.language.vocabulary import Company, Vocabulary
from engage.messages.formats import language_of
from engage.messages.links import Links
from engage.messages.rendering import RenderedEmail
from engage.messages.unsubscribing import unsubscribe_headers
from engage.staff.people import name_of
from engage.staff.tables import StaffMember

_READER = (Contact.id, Contact.email, Contact.family_name, Contact.given_name, Contact.full_name)


class NoSenderError(EngageError):
    """A mail has nobody to come from; it is held, never sent from a no-reply address."""

    code = "no_sender"


class WithVocabulary(Protocol):
    """Where the shared vocabulary comes from."""

    def vocabulary(self, session: Session) -> Vocabulary:
        """The vocabulary that is live."""


@dataclass(frozen=True, slots=True)
class Correspondents:
    """Everybody whom the mails of one window are from and to, as of now."""

    readers: Mapping[int, Any]
    staff: Mapping[int, StaffMember]
    company: Company
    _teams: dict[str, Mailbox] = field(default_factory=dict)

    def address(self, row: Any) -> str:
        """Where the mail goes: the address that the gate has just judged."""
        return self.readers[row.contact_id].email or ""

    def outbound(
        self, row: Any, rendered: RenderedEmail, *, attempt: int, links: Links, now: datetime
    ) -> OutboundEmail:
        """The email of a ledger row, ready for a channel."""
        from_name, from_address = self._sender(row)
        return OutboundEmail(
            message_id=row.public_id,
            attempt=attempt,
            from_name=from_name,
            from_address=from_address,
            reply_to=None,
            to_name=_name(self.readers[row.contact_id], row.locale),
            to_address=self.address(row),
            cc=tuple((str(name), str(copy)) for name, copy in row.cc or ()),
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            headers=_headers(row, links),
            category=row.playbook_key or row.origin,
            sent_at=now,
        )

    def _sender(self, row: Any) -> Mailbox:
        """The person who writes, else the team; a mail is never from nobody."""
        person = self.staff.get(row.sender_staff_id)
        if person is not None:
            return name_of(person, language_of(row.locale)), person.email
        if row.locale not in self._teams:
            self._teams[row.locale] = _team(self.company.facts(row.locale))
        return self._teams[row.locale]


def lock_correspondents(session: Session, library: WithVocabulary, rows: Iterable[Any]) -> Correspondents:
    """Holds the readers until the commit, so that an unsubscribe comes wholly before or wholly after."""
    rows = list(rows)
    readers = select(*_READER).where(one_of(Contact.id, {row.contact_id for row in rows})).order_by(Contact.id)
    found: list[Any] = list(session.execute(readers.with_for_update(key_share=True)).all())
    senders = {row.sender_staff_id for row in rows} - {None}
    staff = session.scalars(select(StaffMember).where(one_of(StaffMember.id, senders))).all() if senders else ()
    return Correspondents(
        readers={reader.id: reader for reader in found},
        staff={person.id: person for person in staff},
        company=library.vocabulary(session).company,
    )


def _team(company: Mapping[str, Any]) -> Mailbox:
    team = company.get("team") or {}
    if not team.get("email"):
        raise NoSenderError(
            "neither a person nor the team can be the sender",
            hint="give company.team.email in the shared vocabulary",
        )
    return str(team.get("name") or company.get("name") or ""), str(team["email"])


def _name(reader: Any, locale: str) -> str:
    names = [reader.family_name, reader.given_name]
    if language_of(locale) == "en":
        names.reverse()
    return " ".join(name for name in names if name) or reader.full_name or ""


def _headers(row: Any, links: Links) -> tuple[tuple[str, str], ...]:
    """What machines read: nobody answers it automatically, and the reader's own button where the purpose allows one."""
    unsubscribe = unsubscribe_headers(links, row.public_id, purpose=row.purpose, has_copies=bool(row.cc))
    return (("Auto-Submitted", "auto-generated"), *unsubscribe)
