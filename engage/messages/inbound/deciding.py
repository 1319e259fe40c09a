"""What a colleague says of a departure that an automatic reply told: confirmed, it becomes events; dismissed, nothing.

Nothing of it happens by itself. An automatic reply can be misread, or written by anybody who knows the address, and a
departure takes back mail, tells other people at the customer and opens a playbook.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.tables import Account, Contact, Membership
from engage.errors import ConflictError, InputError, NotFoundError
from engage.events.recording import NewEvent, record
from engage.events.tables import SOURCE_STAFF
from engage.keys import address_key, inbound_event, task_of_inbound
from engage.messages.inbound.listing import SUGGESTING
from engage.messages.inbound.tables import InboundEmail
from engage.messages.inbound.telling import DEPARTURE
from engage.staff import audit
from engage.tasks.raising import finish_task
from engage.tasks.tables import Task

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Departed:
    """What is confirmed: whether the person has left, and who follows, if that is known."""

    left: bool
    successor_name: str = ""
    successor_address: str = ""


def confirm(session: Session, public_id: str, said: Departed, *, by: str, now: datetime) -> list[str]:
    """Records the departure and the successor as events of a colleague's; the names of the events, in order."""
    mail = _open(session, public_id)
    contact = session.get(Contact, mail.contact_id) if mail.contact_id else None
    account = session.get_one(Account, mail.account_id)
    address = _checked(said.successor_address.strip())
    if said.left and (contact is None or contact.external_id is None):
        raise InputError(
            "the writer is none of the known contacts: who has left?", code="nobody_known", where=public_id
        )
    if not said.left and not address:
        raise InputError("say who has left, or who follows with what address", code="nothing_said", where=public_id)
    events = _departure(mail, contact, account, now) if said.left and contact is not None else []
    if address:
        events += _succession(session, mail, contact, account, said.successor_name.strip(), address, now)
    record(session, events, source_id=SOURCE_STAFF)
    _decide(session, mail, "confirmed", by=by, now=now)
    return [event.name for event in events]


def dismiss(session: Session, public_id: str, *, by: str, now: datetime) -> None:
    """Notes that it was not so; nothing follows."""
    _decide(session, _open(session, public_id), "dismissed", by=by, now=now)


def _open(session: Session, public_id: str) -> InboundEmail:
    mail = session.scalar(select(InboundEmail).where(InboundEmail.public_id == public_id).with_for_update())
    if mail is None:
        raise NotFoundError("there is no such mail", where=public_id, hint="engage inbound list shows them")
    if mail.meaning not in SUGGESTING or mail.account_id is None:
        raise ConflictError("this mail suggests no departure at a customer", code="no_suggestion", where=public_id)
    if mail.decided_at is not None:
        raise ConflictError(f"it is {mail.decision} already, by {mail.decided_by}", code="decided", where=public_id)
    return mail


def _checked(address: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # few name a successor

    try:
        return validate_email(address, check_deliverability=False, allow_smtputf8=False).normalized if address else ""
    except EmailNotValidError as error:
        raise InputError(f"this is not an address: {error}", code="bad_address", hint="name@example.com") from error


def _departure(mail: InboundEmail, contact: Contact, account: Account, now: datetime) -> list[NewEvent]:
    return [
        _event(mail, "contact.left", contact.external_id, account, {"evidence": mail.findings.get("evidence")}, now)
    ]


def _succession(
    session: Session,
    mail: InboundEmail,
    contact: Contact | None,
    account: Account,
    name: str,
    address: str,
    now: datetime,
) -> list[NewEvent]:
    """The one who follows, in the roles that the predecessor has; known by their address where they were not known."""
    known = session.scalars(
        select(Contact)
        .where(Contact.address_key == address_key(address), Contact.is_staff.is_(False))
        .order_by(Contact.id)
    ).first()
    user_id = known.external_id if known is not None and known.external_id else address
    traits: dict[str, Any] = {"email": address, "roles": _roles(session, contact, account)}
    if name and (known is None or not known.family_name):
        traits["name"] = name[:_LONGEST_NAME]
    came = _event(mail, "identify", user_id, account, {key: value for key, value in traits.items() if value}, now)
    took_over = {"evidence": mail.findings.get("evidence"), "instead_of": contact.external_id if contact else None}
    return [came, _event(mail, "contact.appointed", user_id, account, took_over, now)]


def _roles(session: Session, contact: Contact | None, account: Account) -> Sequence[str]:
    if contact is None:
        return ()
    asked = select(Membership.roles).where(Membership.contact_id == contact.id, Membership.account_id == account.id)
    return session.scalar(asked.order_by(Membership.since.desc()).limit(1)) or ()


def _event(
    mail: InboundEmail, name: str, user_id: str | None, account: Account, said: dict[str, Any], now: datetime
) -> NewEvent:
    """An event that takes the way of any that comes from outside; by whom it was found is told with it."""
    is_track = name != "identify"
    more = {"inbound_id": mail.public_id, "told_by": "auto_reply"} if is_track else {}
    return NewEvent(
        key=inbound_event(mail.public_id, name),
        name=name,
        type="track" if is_track else "identify",
        occurred_at=now,
        received_at=now,
        account_id=None,
        user_id=user_id,
        group_id=account.external_id,
        properties={**{key: value for key, value in said.items() if value is not None}, **more},
    )


def _decide(session: Session, mail: InboundEmail, decision: str, *, by: str, now: datetime) -> None:
    mail.decided_at, mail.decided_by, mail.decision = now, by, decision
    audit.record(
        session, actor=by, action=f"inbound.{decision}", object_kind="inbound", object_id=mail.public_id, now=now
    )
    task = session.scalar(
        select(Task.public_id).where(Task.key == task_of_inbound(mail.public_id, DEPARTURE), Task.state == "open")
    )
    if task is not None:
        finish_task(session, task, by=by, outcome=decision, now=now)
