"""Addresses that a server said reach nobody: they are stopped as a bounce stops them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.channels.base import Accepted, Outcome, Rejected
from engage.db.bulk import insert_ignore
from engage.keys import address_key
from engage.messages.receipts import ALL_TOPICS
from engage.messages.tables import Suppression


def stop_dead(session: Session, outcomes: Iterable[Outcome], *, now: datetime) -> None:
    """Lets no more mail go to those that hand-overs have found dead; the addressees' and those of copies."""
    dead = {
        address_key(one) for outcome in outcomes if isinstance(outcome, Accepted | Rejected) for one in outcome.dead
    }
    rows: list[dict[str, Any]] = [
        {"address_key": key, "topic": ALL_TOPICS, "reason": "bounced", "source": "refused", "at": now}
        for key in sorted(dead)
    ]
    insert_ignore(session, Suppression, rows)
