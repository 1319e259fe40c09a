"""Suppressions are shared with a provider: what its lists say stops here too, what is stopped here is told to it.

No session is open while the provider is asked. Each page is committed by itself, so whatever breaks off goes on later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from engage.channels.base import Listed, SuppressionLists
from engage.clock import Clock
from engage.db.bulk import insert_ignore
from engage.db.session import Database
from engage.keys import address_key
from engage.messages.suppressing import ALL_TOPICS, Stopped, suppress
from engage.messages.tables import SharedSuppression, Suppression

PUSHED: Final = "pushed"
_AT_ONCE = 500
_AGAIN = timedelta(hours=1)  # lists are read again from so long before the newest that is known
_shared, _ours = SharedSuppression.__table__.c, Suppression.__table__.c


@dataclass(slots=True)
class Synced:
    """What a round did: how many the provider told of, how many of them were new here, and how many it was told."""

    provider: str
    read: int = 0
    new: int = 0
    told: int = 0
    blocks: int = 0  # refused once by policy; such an address goes on getting mail


def sync(database: Database, lists: SuppressionLists, clock: Clock) -> Synced:
    """Pulls what is new on the provider's lists, then pushes what it does not know."""
    done = Synced(lists.name)
    with database.reading() as session:
        since = _known_until(session, lists.name)
    for page in lists.pull(since):
        done.read += len(page)
        done.blocks += sum(one.topic is None for one in page)
        with database.transaction() as session:
            done.new += _take_over(session, lists.name, page, now=clock.now())
    while True:
        with database.reading() as session:
            batch = _unknown_to(session, lists)
        if not batch:
            return done
        done.told += _tell(database, lists, batch)


def _known_until(session: Session, provider: str) -> dict[str, datetime]:
    """For each list, from when on it is to be read."""
    newest = select(_shared.list, func.max(_shared.listed_at)).where(
        _shared.provider == provider, _shared.listed_at.is_not(None)
    )
    return {name: at - _AGAIN for name, at in session.execute(newest.group_by(_shared.list))}


def _take_over(session: Session, provider: str, page: Sequence[Listed], *, now: datetime) -> int:
    stopping = [one for one in page if one.topic is not None]
    rows = [
        {
            "provider": provider,
            "list": one.list,
            "address_key": address_key(one.address),
            "topic": one.topic,
            "listed_at": one.at,
        }
        for one in stopping
    ]
    names = ("list", "address_key", "topic")
    found = insert_ignore(session, SharedSuppression, rows, returning=[getattr(_shared, name) for name in names])
    fresh = {tuple(row) for row in found}
    # It counts from when it was learned: nobody could know before.
    return suppress(
        session,
        [
            Stopped(address_key(one.address), one.topic, one.reason, provider, now)
            for one in stopping
            if one.topic and (one.list, address_key(one.address), one.topic) in fresh
        ],
    )


def _unknown_to(session: Session, lists: SuppressionLists) -> Sequence[Any]:
    """Suppressions of ours that the provider has neither told us of nor been told."""
    same = and_(_shared.provider == lists.name, _shared.address_key == _ours.address_key, _shared.topic == _ours.topic)
    asked = select(_ours.address_key, _ours.topic).where(
        ~select(_shared.address_key).where(same).exists(),
        _ours.source != lists.name,
        _ours.address_key.contains("@"),
        or_(_ours.topic == ALL_TOPICS, _ours.topic.in_(sorted(lists.topics))),
    )
    return session.execute(asked.order_by(_ours.address_key, _ours.topic).limit(_AT_ONCE)).all()


def _tell(database: Database, lists: SuppressionLists, batch: Sequence[Any]) -> int:
    by_topic: dict[str, list[str]] = defaultdict(list)
    for row in batch:
        by_topic[row.topic].append(row.address_key)
    for topic, addresses in sorted(by_topic.items()):
        lists.push(topic, addresses)
        said = {"provider": lists.name, "list": PUSHED, "topic": topic, "listed_at": None}
        with database.transaction() as session:
            insert_ignore(session, SharedSuppression, [said | {"address_key": key} for key in addresses])
    return len(batch)
