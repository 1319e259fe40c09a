"""Approvals as a page or a command shows them: the very message, who it is from, and what may be changed in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from engage.customers.tables import Account, Contact
from engage.errors import EngageError, NotFoundError
from engage.messages.asking import SENDER_CONSENT
from engage.messages.contexts import find
from engage.messages.editing import editable_parts
from engage.messages.links import Links
from engage.messages.rendering import RenderedEmail, render_email, render_in_app
from engage.messages.tables import Approval, Message
from engage.releases.library import Library
from engage.staff.people import name_of
from engage.staff.tables import StaffMember

OPEN = ("pending", "expired")  # whoever comes late may still decide: a notice is never dropped by the clock


@dataclass(frozen=True, slots=True)
class Part:
    """One text of a message that a colleague may change."""

    key: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One line of the list of approvals."""

    public_id: str
    cause: str
    account_name: str
    contact_name: str
    playbook_key: str | None
    playbook_title: Mapping[str, str] | None
    step_id: str
    channel: str
    subject: str | None
    asked_at: datetime
    expires_at: datetime
    escalated_at: datetime | None
    assignee_name: str | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalView:
    """One approval with the message as the customer would get it now; `problem` says why it cannot be made."""

    public_id: str
    version: int
    state: str
    cause: str
    channel: str
    locale: str
    account_name: str
    playbook_key: str | None
    step_id: str
    due_at: datetime | None
    asked_at: datetime
    expires_at: datetime
    assignee_name: str | None
    decided_by_name: str | None
    decided_at: datetime | None
    reason: str | None
    edited: bool
    sender: tuple[str, str] | None
    to: tuple[str, str]
    cc: Sequence[tuple[str, str]]
    subject: str
    html: str | None
    text: str
    sha: str | None
    parts: Sequence[Part]
    problem: str | None = None


def list_pending(
    session: Session,
    library: Library,
    *,
    links: Links,
    assignee_id: int | None = None,
    instead_of: Collection[int] = (),
    limit: int = 200,
) -> list[Waiting]:
    """What waits for somebody, or for one person and those for whom they stand in; the most urgent first."""
    asked = (
        select(Approval, Message, Contact, Account.name, StaffMember)
        .join(Message, Message.id == Approval.message_id)
        .join(Contact, Contact.id == Message.contact_id)
        .outerjoin(Account, Account.id == Message.account_id)
        .outerjoin(StaffMember, StaffMember.id == Approval.assignee_id)
        .where(*_waits(assignee_id, instead_of))
    )
    found = []
    for approval, message, contact, account, assignee in session.execute(
        asked.order_by(Approval.expires_at, Approval.id).limit(limit)
    ):
        title = library.title(session, message.playbook_key)
        found.append(
            Waiting(
                public_id=approval.public_id,
                cause=approval.cause,
                account_name=account or "",
                contact_name=contact_name(contact, message.locale),
                playbook_key=message.playbook_key,
                playbook_title={"ja": title.ja, "en": title.en} if title else None,
                step_id=message.step_id,
                channel=message.channel,
                subject=_subject(session, library, links, message),
                asked_at=approval.asked_at,
                expires_at=approval.expires_at,
                escalated_at=approval.escalated_at,
                assignee_name=name_of(assignee, assignee.locale) if assignee else None,
                state=approval.state,
            )
        )
    return found


def count_pending(session: Session, *, assignee_id: int | None = None, instead_of: Collection[int] = ()) -> int:
    """How many `list_pending` would find without a limit."""
    counted = select(func.count()).select_from(Approval).join(Message, Message.id == Approval.message_id)
    return session.scalar(counted.where(*_waits(assignee_id, instead_of))) or 0


def _waits(assignee_id: int | None, instead_of: Collection[int]) -> Iterator[ColumnElement[bool]]:
    """What is open, and asked of this person; nobody agrees instead of an executive."""
    yield from (Approval.state.in_(OPEN), Message.state == "proposed")
    if assignee_id is not None:
        theirs = Approval.assignee_id.in_(instead_of) & (Approval.cause != SENDER_CONSENT)
        yield (Approval.assignee_id == assignee_id) | theirs


def load(
    session: Session, library: Library, public_id: str, *, links: Links, locale: str | None = None
) -> ApprovalView:
    """One approval and the very message, as it will look; colleagues' names as the reader's locale writes them."""
    approval = find_approval(session, public_id)
    message = session.get_one(Message, approval.message_id)
    contact = session.get_one(Contact, message.contact_id)
    account = session.get(Account, message.account_id) if message.account_id else None
    try:
        rendered, problem = render(session, library, links, message), None
    except EngageError as error:
        rendered, problem = RenderedEmail(message.subject or "", "", message.text or "", ""), str(error)
    return ApprovalView(
        public_id=approval.public_id,
        version=approval.version,
        state="pending" if approval.state in OPEN and message.state == "proposed" else approval.state,
        cause=approval.cause,
        channel=message.channel,
        locale=message.locale,
        account_name=account.name if account else "",
        playbook_key=message.playbook_key,
        step_id=message.step_id,
        due_at=message.due_at,
        asked_at=approval.asked_at,
        expires_at=approval.expires_at,
        assignee_name=_staff_name(session, approval.assignee_id, locale),
        decided_by_name=_staff_name(session, approval.decided_by_id, locale),
        decided_at=approval.decided_at,
        reason=approval.reason,
        edited=approval.edited,
        sender=_sender(message),
        to=(contact_name(contact, message.locale), (contact.email or "") if message.channel == "email" else ""),
        cc=_copies(session, message),
        subject=rendered.subject,
        html=rendered.html or None,
        text=rendered.text,
        sha=rendered.sha or None,
        parts=[Part(str(number), text) for number, text in enumerate(texts_of(rendered))] if problem is None else [],
        problem=problem,
    )


def find_approval(session: Session, public_id: str) -> Approval:
    """The approval with that id."""
    approval = session.scalar(select(Approval).where(Approval.public_id == public_id))
    if approval is None:
        raise NotFoundError("there is no such approval", where=public_id, hint="engage approvals list")
    return approval


def render(session: Session, library: Library, links: Links, message: Message) -> RenderedEmail:
    """The words of a message of either channel; an in-app message has no HTML."""
    if message.channel == "email":
        return render_email(library, session, message, links=links)
    shown = render_in_app(library, session, message)
    return RenderedEmail(shown.title, "", shown.body, shown.sha)


def texts_of(rendered: RenderedEmail) -> list[str]:
    """The texts a colleague may change, in order."""
    return editable_parts(rendered.html) if rendered.html else [rendered.text]


def contact_name(contact: Contact, locale: str) -> str:
    """The contact's name in the order of the language."""
    parts = [contact.family_name, contact.given_name]
    if not locale.startswith("ja"):
        parts.reverse()
    return " ".join(part for part in parts if part) or contact.full_name or contact.email or ""


def _copies(session: Session, message: Message) -> list[tuple[str, str]]:
    """Those who get a copy as things stand; the gate judges each again before the mail goes."""
    found = (session.get(Contact, key) for key in message.cc)
    here = [contact for contact in found if contact is not None and contact.email and contact.left_at is None]
    return [(contact_name(contact, message.locale), contact.email or "") for contact in here]


def _subject(session: Session, library: Library, links: Links, message: Message) -> str | None:
    try:
        return render(session, library, links, message).subject
    except EngageError:
        return message.subject


def _sender(message: Message) -> tuple[str, str] | None:
    for who in ("sender", "team"):
        address = find(message.inputs, (who, "email"))
        if address and message.channel == "email":
            return str(find(message.inputs, (who, "name")) or ""), str(address)
    return None


def _staff_name(session: Session, staff_id: int | None, locale: str | None) -> str | None:
    member = session.get(StaffMember, staff_id) if staff_id else None
    return name_of(member, locale or member.locale) if member else None
