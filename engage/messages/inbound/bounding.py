"""How much of one sender is acted upon: two robots that answer each other, or a flood, come to an end here."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from engage.messages.inbound.tables import InboundEmail

# Nobody writes more by hand. What comes beyond is kept as a row, without its bytes, and changes nothing.
MOST = ((timedelta(hours=1), 20), (timedelta(days=1), 60))


def is_flood(session: Session, from_key: str, *, now: datetime) -> bool:
    """Whether one more of this sender is too many to be acted upon; reports about our own mail do not count."""
    counts = or_(InboundEmail.kind != "bounce", InboundEmail.message_id.is_(None))
    sent = select(func.count()).where(InboundEmail.from_key == from_key, counts)
    return any((session.scalar(sent.where(InboundEmail.received_at > now - span)) or 0) >= most for span, most in MOST)
