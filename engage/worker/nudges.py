"""Nudges over Redis: they say that due work of a kind may exist; losing one loses nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from engage.channels.in_app.changes import CHANGED
from engage.worker.inbox_news import publish

log = logging.getLogger(__name__)

QUEUE = "engage"
JOB = "engage.worker.jobs.run"
# A mark says that a nudge of the kind is on its way; should the nudge be lost, the mark goes by itself.
_MARK_SECONDS = 10
_NUDGE_SECONDS = 600
_REST_SECONDS = 2.0


def connect(url: str) -> Redis:
    """A connection that fails at once instead of trying again by itself: SQL is polled meanwhile."""
    return Redis.from_url(
        url, socket_connect_timeout=1.0, socket_timeout=5.0, retry=Retry(NoBackoff(), 0), health_check_interval=30
    )


def mark_of(kind: str) -> str:
    """The key that says a nudge of this kind is on its way."""
    return f"engage:nudged:{kind}"


def queue_of(connection: Redis) -> Queue:
    """The one queue of nudges."""
    return Queue(QUEUE, connection=connection, serializer=JSONSerializer)


def answers(url: str) -> bool:
    """Whether a Redis answers there."""
    connection = connect(url)
    try:
        return bool(connection.ping())
    except RedisError:
        return False
    finally:
        connection.close()


class Nudges:
    """Sends nudges, at most one of a kind at a time; never fails and never waits for a Redis that is away."""

    def __init__(self, url: str) -> None:
        self._redis = connect(url)
        self._queue = queue_of(self._redis)
        self._rest_until = 0.0

    def __call__(self, kinds: Iterable[str]) -> None:
        """Says that these kinds may have due work, and whose inboxes have changed."""
        if time.monotonic() < self._rest_until:
            return
        said = frozenset(kinds)
        changed = {kind for kind in said if kind.startswith(CHANGED)}
        try:
            for kind in said - changed:
                self._send(kind)
            if changed:
                publish(self._redis, [one.removeprefix(CHANGED) for one in sorted(changed)])
        except RedisError:
            self._rest_until = time.monotonic() + _REST_SECONDS
            log.info("Redis is away: workers poll the database instead")

    def close(self) -> None:
        """Gives the connections back."""
        self._redis.close()

    def _send(self, kind: str) -> None:
        if self._redis.set(mark_of(kind), 1, nx=True, ex=_MARK_SECONDS):
            self._queue.enqueue(
                JOB, kind, job_timeout=_NUDGE_SECONDS, ttl=_NUDGE_SECONDS, result_ttl=0, failure_ttl=_NUDGE_SECONDS
            )
