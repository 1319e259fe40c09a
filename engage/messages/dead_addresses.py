"""Addresses that a server said reach nobody: they are stopped as a bounce stops them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from engage.channels.base import Accepted, Outcome, Rejected
from engage.keys import address_key
from engage.messages.suppressing import ALL_TOPICS, Stopped, suppress


def stop_dead(session: Session, outcomes: Iterable[Outcome], *, now: datetime) -> None:
    """Lets no more mail go to those that hand-overs have found dead; the addressees' and those of copies."""
    dead = {
        address_key(one) for outcome in outcomes if isinstance(outcome, Accepted | Rejected) for one in outcome.dead
    }
    suppress(session, (Stopped(key, ALL_TOPICS, "bounced", "refused", now) for key in sorted(dead)))
