"""What has passed between us and a customer: messages sent, replies, answers, calls and visits; newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.names import joined_name
from engage.customers.tables import Contact
from engage.customers.touching import TOUCH
from engage.events.tables import Event
from engage.messages import status
from engage.messages.tables import Message

_TOLD = (TOUCH, "replied", "answered", "unsubscribed", "contact.left", "contact.away", "contact.appointed")
_WORDS = ("note", "excerpt", "comment", "evidence", "answer")


@dataclass(frozen=True, slots=True)
class Contacted:
    """One touch: what it was, with whom, what was said."""

    at: datetime
    what: str  # email | in_app | call | visit | meeting | mail | other | the event's name
    who: str
    words: str
    by: str | None = None
    inbound_id: str | None = None


def history(session: Session, account_id: int, *, limit: int) -> list[Contacted]:
    """The newest touches of an account; usage of the product is none."""
    found = [*_told(session, account_id, limit), *_sent(session, account_id, limit)]
    return sorted(found, key=lambda one: one.at, reverse=True)[:limit]


def _sent(session: Session, account_id: int, limit: int) -> list[Contacted]:
    asked = (
        select(Message.accepted_at, Message.channel, Message.subject, Message.template_name, *_NAMES)
        .join(Contact, Contact.id == Message.contact_id)
        .where(Message.account_id == account_id, Message.state == status.ACCEPTED)
        .order_by(Message.accepted_at.desc())
        .limit(limit)
    )
    return [
        Contacted(row.accepted_at, row.channel, _name(row), row.subject or row.template_name)
        for row in session.execute(asked)
    ]


def _told(session: Session, account_id: int, limit: int) -> list[Contacted]:
    asked = (
        select(Event.occurred_at, Event.name, Event.properties, *_NAMES)
        .outerjoin(Contact, Contact.id == Event.contact_id)
        .where(Event.account_id == account_id, Event.name.in_(_TOLD))
        .order_by(Event.occurred_at.desc(), Event.id.desc())
        .limit(limit)
    )
    return [_contacted(row) for row in session.execute(asked)]


def _contacted(row: Any) -> Contacted:
    said = row.properties
    words = next((str(said[name]) for name in _WORDS if said.get(name)), "")
    who = _name(row) or str(said.get("from_name") or said.get("from_address") or "")
    what = str(said.get("kind") or "other") if row.name == TOUCH else row.name
    return Contacted(row.occurred_at, what, who, words, said.get("by"), said.get("inbound_id"))


_NAMES = (Contact.family_name, Contact.given_name, Contact.full_name, Contact.email)


def _name(row: Any) -> str:
    return joined_name(row.family_name, row.given_name) or row.full_name or row.email or ""
