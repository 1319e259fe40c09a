"""Recipients' domains that put much of our mail off at the moment: they are to get it more slowly, the others not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, func, or_, select, text
from sqlalchemy.orm import Session

from engage.messages.envelope import domain_of
from engage.messages.tables import BAD, Attempt, Message, Receipt

WITHIN: Final = timedelta(hours=1)
SHARE: Final = 0.3
AT_LEAST: Final = 20
_BAD = text(f"receipts.{BAD}")
# What the recipient's server puts off, or blocks by policy; not what our provider drops as it knows the address.
_IS_SOFT = or_(
    Receipt.kind == "deferred", and_(Receipt.kind == "dropped", Receipt.raw["event"].as_string() == "bounce")
)


@dataclass(frozen=True, slots=True)
class Surge:
    """A domain, how many of its mails were put off lately, and of how many."""

    domain: str
    put_off: int
    of: int


def surges(session: Session, *, now: datetime) -> list[Surge]:
    """The domains of which more was put off in the last hour than is usual."""
    put_off = select(Message.address).select_from(Receipt).join(Message, Message.id == Receipt.message_id)
    put_off = put_off.where(_BAD, Receipt.received_at >= now - WITHIN, _IS_SOFT)
    addresses = session.execute(put_off.distinct().add_columns(Message.id)).all()
    counted = Counter(domain_of(row.address) for row in addresses if row.address)
    many = sorted(domain for domain, count in counted.items() if count >= AT_LEAST)
    found = [Surge(domain, counted[domain], max(_sent_to(session, domain, now), counted[domain])) for domain in many]
    return [one for one in found if one.put_off >= SHARE * one.of]


def _sent_to(session: Session, domain: str, now: datetime) -> int:
    """How many mails were handed over for that domain; those put off now may have left an hour earlier."""
    asked = select(func.count()).select_from(Attempt).join(Message, Message.id == Attempt.message_id)
    lately = Attempt.started_at >= now - 2 * WITHIN
    to_it = func.lower(Message.address).endswith(f"@{domain}", autoescape=True)
    return session.scalar(asked.where(lately, to_it)) or 0
