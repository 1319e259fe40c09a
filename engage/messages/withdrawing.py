"""A person who has left gets nothing that still waits: it is taken back at once, and their journeys ask the next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.tables import Contact
from engage.db.sets import one_of
from engage.messages.belonging import IS_MEMBER
from engage.messages.cancelling import PENDING, cancel_messages
from engage.messages.policy.verdicts import Reason
from engage.messages.tables import Message


def withdraw_from_gone(session: Session, contacts: Iterable[int], *, now: datetime) -> int:
    """Takes back what waits for those of these people who are not at the message's customer any more; how many.

    Whoever was asked to approve it is asked no longer; the step is told as of any message whose reader is gone.
    """
    ids = set(contacts)
    if not ids:
        return 0
    waiting = (
        select(Message.id, Contact.left_at, IS_MEMBER.label("is_member"))
        .join(Contact, Contact.id == Message.contact_id)
        .where(one_of(Message.contact_id, ids), Message.state.in_(PENDING))
        .order_by(Message.id)
    )
    gone: dict[Reason, list[int]] = {}
    for row in session.execute(waiting.with_for_update(of=Message)):
        if row.left_at is not None or not row.is_member:
            gone.setdefault(Reason.LEFT if row.left_at is not None else Reason.NOT_A_MEMBER, []).append(row.id)
    return sum(cancel_messages(session, each, reason=str(why), now=now, told="skipped") for why, each in gone.items())
