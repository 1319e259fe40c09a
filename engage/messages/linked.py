"""The message that a signed link belongs to, and whose it is."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.tables import Contact
from engage.errors import NotFoundError
from engage.messages.tables import Message

# The mail is, or may be, in the reader's hands; before that only our own people see it, in a preview.
HANDED_OVER = ("sending", "accepted", "unknown", "merged")


def message_of(session: Session, public_id: str) -> Message:
    """The message of a link; a preview has none."""
    message = session.scalar(select(Message).where(Message.public_id == public_id))
    if message is None:
        raise NotFoundError("the mail this link belongs to is not here any more", code="bad_link")
    return message


def address_of(session: Session, message: Message) -> str:
    """Where the message went; of somebody who was erased nobody knows it any more."""
    found = message.address or session.get_one(Contact, message.contact_id).email
    if not found:
        raise NotFoundError("the mail this link belongs to is not here any more", code="bad_link")
    return found


def locked_reader(session: Session, message: Message) -> str:
    """The public id of whom the message went to, held until the commit: delivery takes the same lock."""
    asked = select(Contact.public_id).where(Contact.id == message.contact_id)
    return session.scalars(asked.with_for_update()).one()


def masked(address: str) -> str:
    """`ta•••@example.com`: whoever was copied sees that it is not theirs."""
    local, _, domain = address.rpartition("@")
    return f"{local[: max(1, min(2, len(local) - 1))]}•••@{domain}"
