"""Suppressions are shared with a provider: what its lists say stops here too, what is stopped here is told to it.

A topic that a reader has begun again is let go from the provider's list, too: it would go on dropping their mail.
No session is open while the provider is asked. Each page is committed by itself, so whatever breaks off goes on later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from engage.channels.base import Listed, SuppressionLists
from engage.clock import Clock
from engage.db.bulk import insert_ignore
from engage.db.session import Database
from engage.db.sets import one_of
from engage.ids import Seal
from engage.keys import address_key
from engage.messages.suppressed import load_suppressed
from engage.messages.suppressing import ALL_TOPICS, UNSUBSCRIBED, Stopped, suppress
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
    let_go: int = 0  # begun again here by their readers


def sync(database: Database, lists: SuppressionLists, clock: Clock, seal: Seal) -> Synced:
    """Pulls what is new on the provider's lists; tells it what was begun again here, and what it does not know."""
    done = Synced(lists.name)
    with database.reading() as session:
        since = _known_until(session, lists.name)
    for page in lists.pull(since):
        done.read += len(page)
        done.blocks += sum(one.topic is None for one in page)
        with database.transaction() as session:
            known = _without_erased(session, seal, page)
            done.new += _take_over(session, lists.name, known, now=clock.now())
    with database.reading() as session:
        begun_again = _begun_again(session, lists)
    for topic, address in begun_again:
        lists.forget(topic, address)
        with database.transaction() as session:
            session.execute(delete(SharedSuppression).where(*_of(lists.name, address, topic)))
        done.let_go += 1
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


def _without_erased(session: Session, seal: Seal, page: Sequence[Listed]) -> list[Listed]:
    """Nobody who was erased is written down again; the gate knows them by what is kept of them."""
    found = load_suppressed(session, seal, [(address_key(one.address), None) for one in page]).found
    return [one for one in page if found.keys().isdisjoint(seal.of_addresses(address_key(one.address)))]


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
    fresh = {tuple(row) for row in found} - _echoes(session, provider, stopping)
    # It counts from when it was learned: nobody could know before.
    return suppress(
        session,
        [
            Stopped(address_key(one.address), one.topic, one.reason, provider, now)
            for one in stopping
            if one.topic and (one.list, address_key(one.address), one.topic) in fresh
        ],
    )


def _echoes(session: Session, provider: str, stopping: Sequence[Listed]) -> set[tuple[str, str, str]]:
    """What a list says only since we told it: no news, and perhaps begun again since."""
    keys = {address_key(one.address) for one in stopping}
    told = select(_shared.address_key, _shared.topic).where(
        _shared.provider == provider, _shared.list == PUSHED, one_of(_shared.address_key, keys)
    )
    pushed = {tuple(row) for row in session.execute(told)}
    named = ((one, address_key(one.address)) for one in stopping if one.reason == UNSUBSCRIBED)
    return {(one.list, key, str(one.topic)) for one, key in named if (key, one.topic) in pushed}


def _begun_again(session: Session, lists: SuppressionLists) -> Sequence[Any]:
    """Topics with addresses that the provider may still list, though their readers asked for them again."""
    still = select(_ours.address_key).where(_ours.address_key == _shared.address_key, _ours.topic == _shared.topic)
    asked = select(_shared.topic, _shared.address_key).where(
        _shared.provider == lists.name, _shared.topic.in_(sorted(lists.topics)), ~still.exists()
    )
    return session.execute(asked.distinct().order_by(_shared.topic, _shared.address_key)).all()


def _of(provider: str, key: str, topic: str) -> tuple[ColumnElement[bool], ...]:
    return _shared.provider == provider, _shared.address_key == key, _shared.topic == topic


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
