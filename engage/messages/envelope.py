"""From a rendered mail to what a channel carries: who it is from, whom it goes to, and the headers machines read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.channels.base import Mailbox, OutboundEmail
from engage.channels.email.senders import is_nobodys, mail_id_of, writes_as
from engage.customers.tables import Contact
from engage.db.sets import among, one_of
from engage.errors import EngageError
from engage.language.vocabulary import Company, Vocabulary
from engage.messages.formats import language_of
from engage.messages.links import Links
from engage.messages.rendering import RenderedEmail
from engage.messages.threads import load_threads, thread_headers
from engage.messages.unsubscribing import unsubscribe_headers
from engage.staff.people import name_of
from engage.staff.tables import StaffMember

_SENDER_ID = "engage"  # the last part of a Feedback-ID, by which a mailbox provider sums up complaints
_contacts = Contact.__table__.c
_READERS = (
    select(_contacts.id, _contacts.email, _contacts.family_name, _contacts.given_name, _contacts.full_name)
    .where(among(_contacts.id, "ids"))
    .order_by(_contacts.id)
    .with_for_update(key_share=True)
)


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
    domains: Sequence[str] = ()
    reply_address: str = ""
    threads: Mapping[int, Sequence[str]] = field(default_factory=dict)
    _teams: dict[str, Mailbox] = field(default_factory=dict)

    def address(self, row: Any) -> str:
        """Where the mail goes: the address that the gate has just judged."""
        return self.readers[row.contact_id].email or ""

    def outbound(
        self, row: Any, rendered: RenderedEmail, *, copies: Iterable[int], attempt: int, links: Links, now: datetime
    ) -> OutboundEmail:
        """The email of a ledger row, ready for a channel, with the copies that the gate has let through."""
        copied = [self.readers[key] for key in copies]
        sender = writes_as(self._sender(row), self.domains)
        return OutboundEmail(
            message_id=row.public_id,
            attempt=attempt,
            from_name=sender.name,
            from_address=sender.address,
            reply_to=self.reply_address.replace("{id}", row.public_id) or sender.reply_to,
            to_name=_name(self.readers[row.contact_id], row.locale),
            to_address=self.address(row),
            cc=tuple((_name(copy, row.locale), copy.email) for copy in copied),
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            headers=(
                *_headers(row, links, domain=sender.address.rpartition("@")[2], has_copies=bool(copied)),
                *thread_headers(self.threads.get(row.id, ())),
            ),
            category=row.playbook_key or row.origin,
            sent_at=now,
            mail_id=row.mail_id or mail_id_of(row.public_id, sender.address),
            topic=row.topic if row.purpose != "transactional" else "",
        )

    def sending_domain(self, row: Any) -> str | None:
        """The domain in whose name the mail goes; None where it has nobody to come from."""
        try:
            return domain_of(writes_as(self._sender(row), self.domains).address)
        except NoSenderError:
            return None

    def _sender(self, row: Any) -> Mailbox:
        """The person who writes, else the team; a mail is never from nobody."""
        person = self.staff.get(row.sender_staff_id)
        if person is not None and not is_nobodys(person.email):
            return name_of(person, language_of(row.locale)), person.email
        if row.locale not in self._teams:
            self._teams[row.locale] = _team(self.company.facts(row.locale))
        return self._teams[row.locale]


def domain_of(address: str) -> str:
    """What stands behind the @, as domains are compared."""
    return address.rpartition("@")[2].lower()


def lock_correspondents(session: Session, library: WithVocabulary, rows: Iterable[Any]) -> Correspondents:
    """Holds the readers until the commit, so that an unsubscribe comes wholly before or wholly after."""
    rows = list(rows)
    found: list[Any] = list(
        session.execute(_READERS, {"ids": list({key for row in rows for key in (row.contact_id, *row.cc)})}).all()
    )
    vocabulary = library.vocabulary(session)
    senders = {row.sender_staff_id for row in rows} - {None}
    staff = session.scalars(select(StaffMember).where(one_of(StaffMember.id, senders))).all() if senders else ()
    return Correspondents(
        readers={reader.id: reader for reader in found},
        staff={person.id: person for person in staff},
        company=vocabulary.company,
        domains=vocabulary.defaults.sending_domains,
        reply_address=vocabulary.defaults.reply_address,
        threads=load_threads(session, rows),
    )


def _team(company: Mapping[str, Any]) -> Mailbox:
    team = company.get("team") or {}
    if not team.get("email") or is_nobodys(str(team["email"])):
        raise NoSenderError(
            "neither a person nor the team can be the sender",
            hint="give company.team.email in the shared vocabulary: an address that somebody reads",
        )
    return str(team.get("name") or company.get("name") or ""), str(team["email"])


def _name(reader: Any, locale: str) -> str:
    names = [reader.family_name, reader.given_name]
    if language_of(locale) == "en":
        names.reverse()
    return " ".join(name for name in names if name) or reader.full_name or ""


def _headers(row: Any, links: Links, *, domain: str, has_copies: bool) -> tuple[tuple[str, str], ...]:
    """What machines read: nobody answers it automatically; which mail it is; the reader's own button to stop it.

    There is no `Precedence`: some servers take it for bulk that nobody asked for, and robots heed `Auto-Submitted`.
    """
    which = ":".join(filter(None, (row.playbook_key or row.origin, row.topic, row.purpose, _SENDER_ID)))
    listed = (("List-Id", f"<{row.topic}.{domain}>"),) if row.topic and row.purpose != "transactional" else ()
    unsubscribe = unsubscribe_headers(links, row.public_id, purpose=row.purpose, has_copies=has_copies)
    return (("Auto-Submitted", "auto-generated"), ("Feedback-ID", which), *listed, *unsubscribe)
