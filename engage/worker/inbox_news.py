"""Hints that inboxes have changed, over Redis: who has them open may ask sooner. Losing one loses nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

CHANNEL = "engage:inboxes"
ASKS_EVERY = 2.0
"""So often whoever listens asks the database where no Redis gives hints."""
_REST_SECONDS = 5.0


def publish(connection: Redis, contact_ids: Collection[str]) -> None:
    """Says that these contacts' inboxes have changed."""
    connection.publish(CHANNEL, " ".join(contact_ids))


class InboxNews:
    """Hears hints for as long as a Redis is there; its absence only makes the listener ask by itself."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._hints: PubSub | None = None
        self._rest_until = 0.0

    async def heard(self, seconds: float) -> set[int]:
        """The contacts that hints speak of, as soon as some come; nobody after so long, or sooner without a Redis."""
        loop = asyncio.get_running_loop()
        if self._url is None or loop.time() < self._rest_until:
            await asyncio.sleep(min(seconds, ASKS_EVERY))
            return set()
        try:
            self._hints = self._hints or await self._subscribed()
            first = await self._hints.get_message(ignore_subscribe_messages=True, timeout=seconds)
            return await self._together(first)
        except (RedisError, OSError):
            log.warning("Redis is away: inboxes are looked at by themselves")
            self._rest_until = loop.time() + _REST_SECONDS
            await self.close()
            return set()

    async def close(self) -> None:
        """Gives the connection back."""
        hints, self._hints = self._hints, None
        if hints is not None:
            with suppress(RedisError, OSError):
                await hints.aclose()  # type: ignore[no-untyped-call]
                await hints.connection_pool.aclose()

    @property
    def is_listening(self) -> bool:
        """Whether hints can come."""
        return self._hints is not None

    async def _subscribed(self) -> PubSub:
        connection: Any = AsyncRedis.from_url(self._url or "", socket_connect_timeout=1.0, health_check_interval=30)
        hints: PubSub = connection.pubsub()
        await hints.subscribe(CHANNEL)
        return hints

    async def _together(self, first: dict[str, Any] | None) -> set[int]:
        """What is said in a short while, as one: a broadcast is many commits."""
        said: set[int] = set()
        hint = first
        while hint is not None and self._hints is not None:
            said |= {int(word) for word in hint["data"].split() if word.isdigit()}
            hint = await self._hints.get_message(ignore_subscribe_messages=True, timeout=0.05)
        return said
