"""What a mail costs beside ten thousand, and beside a million people: `python -m tests.bench.sizes`."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench.emails import TRIGGER, insist_on_ledger, until_idle, until_taken
from tests.bench.intake import post
from tests.bench.meter import Meter
from tests.bench.population import populate
from tests.bench.stand import Stand, Store, batches, stand, store
from tests.servers.running import Running, smtp_sink

SIZES = (10_000, 100_000, 1_000_000)


@dataclass(frozen=True)
class Sized:
    """What mails cost in a customer base of one size."""

    people: int
    emails: int
    rate: float
    cpu_ms: float
    worker_mb: float


def measure(emails: int, sizes: tuple[int, ...] = SIZES) -> list[Sized]:
    """The same number of mails, once for each size of the customer base, one after the other."""
    return [_measure(people, emails) for people in sizes]


def _measure(people: int, count: int) -> Sized:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="engage-bench-"))
        place = stack.enter_context(store("postgresql"))
        sink = stack.enter_context(smtp_sink(Path(folder) / "sink.log"))
        made = stack.enter_context(stand(place, sink.port))
        populate(place, people)
        seconds, meter = _mail(made, place, sink, count)
    return Sized(people, count, count / seconds, meter.cpu_seconds * 1000 / count, meter.peak_mb["engage"])


def _mail(made: Stand, place: Store, sink: Running, count: int) -> tuple[float, Meter]:
    key = json.loads(made.run("keys", "create", "bench", "--json"))["key"]
    web, worker = made.start_web(), made.start("worker")
    made.wait_until_ready()
    until_idle(made)
    with Meter([web.pid, worker.pid] + ([place.pid] if place.pid else [])) as meter:
        started = time.perf_counter()
        post(made.port, key, batches(TRIGGER, count))
        seconds = until_taken(sink, count, started)
    insist_on_ledger(place, count)
    return seconds, meter


def main() -> None:
    """Measures and prints each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emails", type=int, default=8_000)
    for row in measure(parser.parse_args().emails):
        print(row)


if __name__ == "__main__":
    main()
