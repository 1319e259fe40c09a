"""How long a record of consent has to be kept: a month longer than the last mail that could rest on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from engage.customers.consent_ledger import EVERY_TOPIC, show_record
from engage.customers.tables import ConsentRecord
from engage.messages.tables import Message

KEPT_AFTER = timedelta(days=31)  # a month: ordinance on specified electronic mail, article 4


def proof(session: Session, public_id: str) -> dict[str, Any]:
    """The record with when its person last got mail on its topic, and until when it has to be kept."""
    found = show_record(session, public_id)
    last = _last_mail(session, public_id)
    return {**found, "last_mail_at": last, "keep_until": last + KEPT_AFTER if last else None}


def _last_mail(session: Session, public_id: str) -> datetime | None:
    rests = (Message.contact_id == ConsentRecord.contact_id, ConsentRecord.public_id == public_id)
    on_topic = or_(Message.topic == ConsentRecord.topic, ConsentRecord.topic == EVERY_TOPIC)
    asked = select(func.max(Message.accepted_at)).select_from(Message).join(ConsentRecord, on_topic)
    return session.scalar(asked.where(*rests, Message.channel == "email"))
