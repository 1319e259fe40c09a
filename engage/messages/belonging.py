"""Whether the reader of a message belongs to the customer that it is about, as a part of any query over messages."""

from __future__ import annotations

from sqlalchemy import or_, select

from engage.customers.tables import Membership
from engage.messages.tables import Message

_messages, _memberships = Message.__table__.c, Membership.__table__.c

# A value, not EXISTS: that one PostgreSQL may answer by reading all memberships first.
_MEMBERSHIP = (
    select(_memberships.id)
    .where(
        _memberships.contact_id == _messages.contact_id,
        _memberships.account_id == _messages.account_id,
        _memberships.until.is_(None),
    )
    .limit(1)
    .correlate(Message.__table__)
    .scalar_subquery()
)
IS_MEMBER = or_(_messages.account_id.is_(None), _MEMBERSHIP.is_not(None))
