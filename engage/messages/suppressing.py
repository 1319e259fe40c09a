"""Addresses that get no mail, whoever says so: the weightiest reason holds, in whatever order reasons are learned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.db.sets import one_of
from engage.messages.tables import Suppression

ALL_TOPICS: Final = "*"
BY_HAND: Final = "by_hand"
UNSUBSCRIBED: Final = "unsubscribed"
# What a provider or a reader said, by weight; any other reason is a person's, and nothing that is learned changes it.
_WEIGHTS: Final = {UNSUBSCRIBED: 1, "bounced": 2, "complained": 3}
_ABOVE_ALL: Final = 9


@dataclass(frozen=True, slots=True)
class Stopped:
    """An address that is to get no mail of one topic, or none at all (`*`)."""

    address_key: str
    topic: str
    reason: str
    source: str
    at: datetime
    by: str | None = None  # who: a contact's or a colleague's public id, or the provider
    message: str | None = None  # the public id of the message on account of which it was said
    proof: Mapping[str, Any] = field(default_factory=dict)


def suppress(session: Session, stopped: Iterable[Stopped]) -> int:
    """Writes them down, once each; of several reasons the weightiest holds, and of those the earliest. How many new."""
    best: dict[tuple[str, str], Stopped] = {}
    for one in stopped:
        held = best.setdefault((one.address_key, one.topic), one)
        best[one.address_key, one.topic] = max(held, one, key=_weight)
    # In one order, so that two who write never wait for each other.
    rows = [asdict(best[key]) for key in sorted(best)]
    new = insert_ignore(session, Suppression, rows, returning=[Suppression.address_key, Suppression.topic])
    known = best.keys() - {(row.address_key, row.topic) for row in new}
    _weigh(session, [best[key] for key in sorted(known)])
    return len(new)


def _weigh(session: Session, stopped: Sequence[Stopped]) -> None:
    """Gives those that were stopped before the new reason where that one weighs more."""
    if not stopped:
        return
    asked = select(Suppression).where(one_of(Suppression.address_key, {one.address_key for one in stopped}))
    asked = asked.order_by(Suppression.address_key, Suppression.topic).with_for_update()
    there = {(row.address_key, row.topic): row for row in session.scalars(asked)}
    for one in stopped:
        row = there.get((one.address_key, one.topic))
        if row is not None and _weight(one) > _weight(row):
            row.reason, row.source, row.at = one.reason, one.source, one.at
            row.by, row.message, row.proof = one.by, one.message, dict(one.proof)
    session.flush()


def _weight(one: Stopped | Suppression) -> tuple[int, float, str, str]:
    """Two of the same reason and instant are told apart as well, so that it does not matter which is learned first."""
    return _WEIGHTS.get(one.reason, _ABOVE_ALL), -one.at.timestamp(), one.source, one.message or ""
