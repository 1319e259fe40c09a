"""What was written to a contact that turns out to be another one, too."""

from __future__ import annotations

from sqlalchemy import and_, exists, update
from sqlalchemy.orm import Session, aliased

from engage.messages.tables import Message

_SAME_ORDER = (Message.origin, Message.origin_id, Message.step_id, Message.visit, Message.channel)


def give_messages(session: Session, old: int, contact: int) -> None:
    """Makes the messages to one contact another's, so that caps, withdrawals and the inbox count them as one person's.

    A message that both got by the same order stays where it is.
    """
    twin = aliased(Message)
    same_order = and_(*(getattr(twin, column.key) == column for column in _SAME_ORDER))
    has_twin = exists().where(twin.contact_id == contact, same_order)
    given = update(Message).where(Message.contact_id == old, ~has_twin).values(contact_id=contact)
    session.execute(given, execution_options={"synchronize_session": False})
