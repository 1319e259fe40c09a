"""What a provider tells comes up to 46 times, shuffled, three days late, among forgeries; the facts stay the same."""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from queue import Empty, SimpleQueue
from statistics import quantiles
from time import monotonic
from typing import Any

from sqlalchemy import select, text

from engage.events.tables import Event
from engage.ids import repeatable
from tests.drills.drill import Drill
from tests.drills.installation import Installation
from tests.drills.stage import Stage, over_sendgrid
from tests.servers.fake_sendgrid import Provider, event_body
from tests.support.ledger import states
from tests.support.waiting import until

MOST_TIMES = 46
LATE = timedelta(days=3)
CONNECTIONS = 6
MEGABYTE = 1_000_000
FATES = (
    ("processed", "delivered"),
    ("processed", "deferred", "delivered"),
    ("processed", "delivered", "bounce"),  # an asynchronous bounce
    ("processed", "bounce"),
    ("dropped",),
    ("processed", "delivered", "spamreport"),
    ("processed", "delivered", "unsubscribe"),
    ("processed", "delivered", "unsubscribe", "spamreport"),
    ("processed", "delivered", "bounce", "spamreport"),  # which of two reasons holds must not depend on the order
)
FACTS = {
    "messages": "SELECT public_id, state, delivery, reason FROM messages",
    "receipts": "SELECT r.provider, r.natural_key, r.kind, r.at, m.public_id FROM receipts r "
    "JOIN messages m ON m.id = r.message_id",
    "suppressions": "SELECT address_key, topic, reason, source, at FROM suppressions",
    "consents": "SELECT c.external_id, s.topic, s.state, s.basis, s.evidence, s.at, s.record_id FROM consents s "
    "JOIN contacts c ON c.id = s.contact_id",
    "events": "SELECT name, message_id FROM events",
}  # fmt: skip
Posted = tuple[bytes, dict[str, str], str]  # body, headers, and what it is


def play(stage: Stage) -> None:
    ours, stranger = Provider(), Provider()
    with stage.sendgrid() as sendgrid:
        settings = over_sendgrid(sendgrid) | {"ENGAGE_SENDGRID_WEBHOOK_KEY": ours.public_key()}
        with stage.installation(**settings) as calm, stage.installation(**settings) as stormy:
            ids = _begin_alike(calm, stage) and _begin_alike(stormy, stage)
            events = list(_fates(ids, calm))
            _post(calm, [_signed(ours, calm, [event]) for event in events], threads=1)
            _storm(stage, stormy, ours, stranger, events)
            _compare(stage, calm, stormy)


def _begin_alike(here: Installation, stage: Stage) -> list[str]:
    """The same messages with the same ids, sent; some were never answered, so receipts have doubts to end."""
    count = stage.pick(280, 28)
    with repeatable("storm"):
        ids = here.fill(count, address=lambda number: f"{'user' if number % 4 else 'hangup'}-{number}@customer.example")
    here.start_web()
    here.start("worker", "--processes", "1")
    until(lambda: not {"queued", "sending"} & set(states(here.database)), what="the mails going")
    return ids


def _fates(ids: Sequence[str], here: Installation) -> Iterator[dict[str, Any]]:
    """What became of each message, in the order in which it did, three days ago."""
    began = int((here.clock.now() - LATE).timestamp())
    for number, public_id in enumerate(ids):
        for place, kind in enumerate(FATES[number % len(FATES)]):
            address = f"{'user' if number % 4 else 'hangup'}-{number}@customer.example"
            said = {"event": kind, "message_id": public_id, "email": address, "timestamp": began + number * 10 + place}
            yield event_body(said | {"sg_event_id": f"event-{number}-{place}"})


def _storm(
    stage: Stage, here: Installation, ours: Provider, stranger: Provider, events: Sequence[dict[str, Any]]
) -> None:
    dice = random.Random(6)
    copies = [event for event in events for _ in range(dice.randint(1, MOST_TIMES))]
    dice.shuffle(copies)
    good = [_signed(ours, here, batch) for batch in _batches(copies, dice)]
    evil = list(_evil(here, ours, stranger, events, dice))
    mixed = good + evil
    dice.shuffle(mixed)
    answers, seconds = _post(here, mixed, threads=CONNECTIONS)
    largest = max(len(body) for body, _, _ in mixed)
    stage.did(
        f"{len(events):,} events came {len(copies):,} times in {len(good):,} batches of up to {largest / 1e6:.1f} MB"
    )
    stage.did(f"95 of 100 good batches were acknowledged within {quantiles(seconds, n=20)[-1] * 1000:.0f} ms")
    taken = {status for (what, status) in answers if what == "good"}
    stage.holds(f"every good batch was taken: {sorted(taken)}", taken == {200})
    refused = {status for (what, status) in answers if what != "good"}
    said = ", ".join(f"{what} {sum(n for (w, _), n in answers.items() if w == what)}" for what in _KINDS)
    stage.holds(f"every other was refused: {said}, answered {sorted(refused)}", refused == {403})


_KINDS = ("unsigned", "forged", "expired", "tampered")


def _batches(copies: list[dict[str, Any]], dice: random.Random) -> Iterator[list[dict[str, Any]]]:
    """One megabyte first, then handfuls."""
    size = len(json.dumps(copies[0])) + 2
    first = min(MEGABYTE // size, len(copies) // 2)
    yield copies[:first]
    while first < len(copies):
        next_ = first + dice.randint(1, 60)
        yield copies[first:next_]
        first = next_


def _evil(
    here: Installation, ours: Provider, stranger: Provider, events: Sequence[dict[str, Any]], dice: random.Random
) -> Iterator[Posted]:
    """Batches that must not count; each says that every reader complained."""
    old = str(int((here.clock.now() - timedelta(days=2)).timestamp()))
    for number in range(0, len(events), 5):
        lies = [event | {"event": "spamreport", "sg_event_id": f"lie-{dice.random()}"} for event in events[number:][:5]]
        body, headers, _ = _signed(ours, here, lies)
        yield body, {}, "unsigned"
        yield _signed(stranger, here, lies, "forged")
        yield _signed(ours, here, lies, "expired", stamp=old)
        yield body.replace(b"spamreport", b"spamreporT"), headers, "tampered"


def _signed(
    provider: Provider, here: Installation, events: list[dict[str, Any]], what: str = "good", stamp: str | None = None
) -> Posted:
    raw = (json.dumps(events) + "\r\n").encode()
    return raw, provider.signed(raw, stamp or str(int(here.clock.now().timestamp()))), what


def _post(
    here: Installation, batches: Sequence[Posted], *, threads: int
) -> tuple[Counter[tuple[str, int]], list[float]]:
    """Posts all, what is answered 503 again, as the provider does. Answers, and seconds of good ones."""
    waiting: SimpleQueue[Posted] = SimpleQueue()
    for batch in batches:
        waiting.put(batch)
    answers: Counter[tuple[str, int]] = Counter()
    seconds: list[float] = []

    def work() -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", here.port, timeout=120)) as connection:
            post_waiting(connection)

    def post_waiting(connection: http.client.HTTPConnection) -> None:
        while True:
            try:
                body, headers, what = waiting.get_nowait()
            except Empty:
                return
            started = monotonic()
            connection.request("POST", "/hooks/sendgrid/events", body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 503:
                waiting.put((body, headers, what))
                continue
            answers[what, answer.status] += 1
            seconds.extend([monotonic() - started] * (what == "good"))

    crowd = [threading.Thread(target=work) for _ in range(threads)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    return answers, seconds


def _compare(stage: Stage, calm: Installation, stormy: Installation) -> None:
    for here in (calm, stormy):
        until(lambda: not _undigested(here), what="the news being digested")  # noqa: B023
    for what, statement in FACTS.items():
        here, there = _rows(calm, statement), _rows(stormy, statement)
        differ = sorted(set(here.items()) ^ set(there.items()))
        more = f", but {len(differ)} rows differ, such as {differ[0]}" if differ else ""
        stage.holds(f"{what}: {there.total():,} rows, the same as after one ordered run{more}", here and not differ)


def _undigested(here: Installation) -> bool:
    with here.database.reading() as session:
        return session.scalar(select(Event.id).where(Event.resolved_at.is_(None)).limit(1)) is not None


def _rows(here: Installation, statement: str) -> Counter[tuple[str, ...]]:
    with here.database.reading() as session:
        return Counter(tuple(map(str, row)) for row in session.execute(text(statement)))


DRILL = Drill(
    6,
    "webhook-storm",
    "webhook storm: repeated, shuffled, late, forged",
    "the facts are those of one ordered run, and nothing is believed that the provider has not just signed",
    play,
)
