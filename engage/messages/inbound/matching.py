"""What a mail answers and who wrote it: by our id, then by the thread it stands in, then by the writer's address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.channels.email.inbound.letter import Letter
from engage.customers.tables import Contact, Membership
from engage.db.sets import one_of
from engage.ids import ids_in
from engage.keys import address_key
from engage.messages.inbound.tables import InboundEmail
from engage.messages.tables import Message

_messages = Message.__table__.c


@dataclass(frozen=True, slots=True)
class Match:
    """What is known of a mail: by what, the message of ours, the person who wrote, their customer."""

    by: str | None = None
    message: Any = None
    contact_id: int | None = None
    account_id: int | None = None


NO_MATCH = Match()


def match(session: Session, letter: Letter, envelope_to: Sequence[str]) -> Match:
    """The surest match there is; an empty one where there is none."""
    key = address_key(letter.sender[1])
    named = (*letter.answers, *envelope_to, *(address for _, address in letter.to))
    message = find_message(session, ids_in(" ".join(named), "msg"))
    if message is not None:
        return Match("id", message, _writer(session, key, message), message.account_id)
    return _by_thread(session, letter, key) or _by_address(session, key) or NO_MATCH


def find_message(session: Session, public_ids: Sequence[str]) -> Any:
    """The first of these that is a message of ours; None where none is."""
    if not public_ids:
        return None
    rows = session.execute(select(Message.__table__).where(one_of(_messages.public_id, public_ids))).all()
    found = {row.public_id: row for row in rows}
    return next((found[one] for one in public_ids if one in found), None)


def _writer(session: Session, key: str, message: Any) -> int | None:
    """Who answered: the addressee, somebody who had a copy, or another person of the customer; None: a stranger."""
    known = _people_at(session, key)
    readers = [contact_id for contact_id in (message.contact_id, *message.cc) if contact_id in known]
    here = [contact_id for contact_id, accounts in known.items() if message.account_id in accounts]
    return next(iter([*readers, *here]), None)


def _people_at(session: Session, key: str) -> dict[int, list[int]]:
    """Everybody with that address who is none of ours, with the customers they belong to."""
    if not key:
        return {}
    asked = (
        select(Contact.id, Membership.account_id)
        .outerjoin(Membership, (Membership.contact_id == Contact.id) & Membership.until.is_(None))
        .where(Contact.address_key == key, Contact.is_staff.is_(False))
        .order_by(Contact.id, Membership.id)
    )
    found: dict[int, list[int]] = {}
    for contact_id, account_id in session.execute(asked):
        found.setdefault(contact_id, []).extend([account_id] if account_id is not None else [])
    return found


def _by_thread(session: Session, letter: Letter, key: str) -> Match | None:
    """As the mail was matched that this one answers; it may be one of the customer's own."""
    if not letter.answers:
        return None
    asked = select(InboundEmail).where(
        one_of(InboundEmail.header_id, letter.answers), InboundEmail.account_id.is_not(None)
    )
    before = session.scalars(asked.order_by(InboundEmail.id.desc()).limit(1)).first()
    if before is None:
        return None
    message = session.execute(select(Message.__table__).where(_messages.id == before.message_id)).first()
    if message is not None:
        return Match("thread", message, _writer(session, key, message), message.account_id)
    here = [one for one, accounts in _people_at(session, key).items() if before.account_id in accounts]
    return Match("thread", None, here[0] if here else None, before.account_id)


def _by_address(session: Session, key: str) -> Match | None:
    """The person of that address; at the customer whom we wrote to last, where it could be several."""
    known = _people_at(session, key)
    if not known:
        return None
    accounts = {account_id for each in known.values() for account_id in each}
    account_id = _written_to_last(session, known, accounts) if len(accounts) > 1 else next(iter(accounts), None)
    contact_id = next((one for one, each in known.items() if account_id in each), next(iter(known)))
    return Match("address", None, contact_id, account_id)


def _written_to_last(session: Session, contacts: Iterable[int], accounts: set[int]) -> int | None:
    asked = select(_messages.account_id).where(
        one_of(_messages.contact_id, contacts),
        _messages.accepted_at.is_not(None),
        one_of(_messages.account_id, accounts),
    )
    found: int | None = session.scalar(asked.order_by(_messages.accepted_at.desc()).limit(1))
    return found
