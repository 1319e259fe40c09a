"""What a worker process does: due work from SQL first; with nothing due, wait for a nudge."""

from __future__ import annotations

import logging
import time

from redis.exceptions import RedisError

from engage.worker.listening import Listener
from engage.worker.nudges import connect
from engage.worker.rounds import Rounds
from engage.worker.stopping import Stop

log = logging.getLogger(__name__)

_IDLE_SECONDS = 1
_REDIS_REST_SECONDS = 2.0


class WorkerLoop:
    """Runs rounds until the stop; Redis may be away, lost, or come later, and only the waiting changes."""

    def __init__(self, rounds: Rounds, redis_url: str | None, stop: Stop) -> None:
        self._rounds = rounds
        self._redis_url = redis_url
        self._stop = stop
        self._listener: Listener | None = None
        self._redis_rest_until = 0.0

    def run(self) -> None:
        """Works until the stop is asked for; the round at hand is finished first."""
        while not self._stop.asked:
            if not self._rounds.run_due():
                self._rest()

    def _rest(self) -> None:
        if self._redis_url is None or time.monotonic() < self._redis_rest_until:
            self._stop.wait(_IDLE_SECONDS)
            return
        try:
            if self._listener is None:
                self._listener = Listener.on(connect(self._redis_url))
                log.info("listening for nudges")
            self._listener.take(_IDLE_SECONDS)
        except (RedisError, OSError):
            if self._listener is not None and not self._stop.asked:
                log.warning("Redis is away: polling the database")
            self._listener = None
            self._redis_rest_until = time.monotonic() + _REDIS_REST_SECONDS
