"""Nudges over Redis: few, and never in the way."""

from __future__ import annotations

import time

from redis import Redis
from rq.serializers import JSONSerializer

from engage.worker.nudges import Nudges, mark_of, queue_of


def test_many_nudges_of_a_kind_become_one(redis_url: str) -> None:
    nudges = Nudges(redis_url)
    for _ in range(5):
        nudges(["deliver"])
    nudges(["advance"])
    nudges.close()
    with Redis.from_url(redis_url) as connection:
        assert queue_of(connection).count == 2


def test_a_nudge_carries_only_its_kind_as_json(redis_url: str) -> None:
    nudges = Nudges(redis_url)
    nudges(["deliver"])
    nudges.close()
    with Redis.from_url(redis_url) as connection:
        (job,) = queue_of(connection).jobs
        assert (job.serializer, job.args, job.kwargs) == (JSONSerializer, ["deliver"], {})


def test_the_mark_of_a_lost_nudge_goes_by_itself(redis_url: str) -> None:
    nudges = Nudges(redis_url)
    nudges(["deliver"])
    nudges.close()
    with Redis.from_url(redis_url) as connection:
        assert 0 < connection.ttl(mark_of("deliver")) <= 10


def test_a_redis_that_is_away_costs_nothing_and_raises_nothing() -> None:
    nudges = Nudges("redis://127.0.0.1:1/0")
    started = time.perf_counter()
    for _ in range(100):
        nudges(["deliver"])
    assert time.perf_counter() - started < 1.0
