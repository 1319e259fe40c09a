"""A link of a message was fetched, by a person or by a machine that checks links: noted, and nothing decided."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.messages.tables import Click, Message

_LONGEST_AGENT = 300


def note_click(
    session: Session, public_id: str, url: str, *, method: str, user_agent: str | None, now: datetime
) -> bool:
    """Appends a click row; False when the message is not in the ledger, as with a preview."""
    message_id = session.scalar(select(Message.id).where(Message.public_id == public_id))
    if message_id is None:
        return False
    agent = user_agent[:_LONGEST_AGENT] if user_agent else None
    session.add(Click(message_id=message_id, url=url, at=now, method=method, user_agent=agent))
    return True
