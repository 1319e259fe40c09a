"""SendGrid on bad days, over HTTP, with its own log: nothing lost, nothing doubled, each told in plain words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engage.channels.base import WINDOW
from engage.channels.email.routing.routes import Route, Routes
from engage.channels.email.sendgrid.channel import SendGridChannel
from engage.channels.email.sendgrid.webhook import parse
from engage.config import Settings
from engage.db.session import Database
from engage.messages.delivering import deliver
from engage.messages.receipts import record_receipts
from engage.releases.library import Library
from engage.testing import FrozenClock
from engage.upkeep.delivery_findings import delivery_findings
from tests.integration.messages.test_delivering import LINKS, messages, queued
from tests.servers.fake_sendgrid import event_body
from tests.servers.running import Running, accepted_ids, fake_sendgrid

# Their SQL is tested on both databases where providers are told apart; here it is about what comes over the wire.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Running]:
    with fake_sendgrid(tmp_path / "log") as running:
        yield running


class Day:
    """One worker, one provider, a clock that is moved, and what the operator is told."""

    def __init__(self, database: Database, provider: Running, home: Path) -> None:
        self.database, self.provider, self.clock = database, provider, FrozenClock()
        self.settings = Settings.from_env({"ENGAGE_HOME": str(home)})
        self.channel = SendGridChannel("SG.test", f"http://127.0.0.1:{provider.port}", threads=4, read_seconds=0.3)

    def goes_on(self, span: timedelta, every: timedelta = timedelta(minutes=2)) -> None:
        until = self.clock.now() + span
        while self.clock.now() < until:
            deliver(self.database, Library(), self.channel, LINKS, self.clock)
            self.clock.move(every)

    def told(self) -> str:
        with self.database.reading() as session:
            found = delivery_findings(session, self.settings, now=self.clock.now())
            return "\n".join(f"{one.verdict} {one.said} -> {one.way_out}" for one in found if one.verdict != "ok")

    def states(self) -> Counter[str]:
        return Counter(row.state for row in messages(self.database))

    def receipts_come(self) -> None:
        """The provider tells of all that it has taken."""
        for message_id in accepted_ids(self.provider):
            raw = event_body({"event": "processed", "message_id": message_id})
            with self.database.transaction() as session:
                record_receipts(session, parse(json.dumps([raw]).encode()), now=self.clock.now())

    def is_right(self, ids: list[str], *, lost: int = 0) -> None:
        """None was taken twice; what the ledger calls accepted was taken; what waits or is in doubt is counted."""
        taken = Counter(accepted_ids(self.provider))
        assert [one for one, times in taken.items() if times > 1] == [], "sent twice"
        rows = messages(self.database)
        assert {row.public_id for row in rows if row.state == "accepted"} == set(taken)
        assert {row.public_id for row in rows} == set(ids)
        assert self.states()["unknown"] == lost


@pytest.fixture
def day(database: Database, provider: Running, tmp_path: Path) -> Iterator[Day]:
    made = Day(database, provider, tmp_path)
    yield made
    made.channel.close()


def test_down_for_an_hour(day: Day) -> None:
    ids = queued(day.database, 2 * WINDOW)
    day.provider.control("moods", rules=[{"do": "fail", "status": 503}])
    day.goes_on(timedelta(hours=1))
    assert day.provider.control("requests")["count"] < 20
    assert "bad sendgrid takes nothing until" in day.told()
    assert "SendGrid answered 503" in day.told() and "engage sending resume sendgrid" in day.told()
    in_doubt = day.states()["unknown"]
    assert 0 < in_doubt < 20
    day.provider.control("moods", rules=[])
    day.goes_on(timedelta(minutes=30))
    day.is_right(ids, lost=in_doubt)
    assert day.states()["queued"] == 0
    assert "takes nothing" not in day.told()


def test_not_there_at_all(day: Day) -> None:
    ids = queued(day.database, WINDOW)
    port = day.provider.port
    day.provider.process.kill()
    day.provider.process.wait()
    day.goes_on(timedelta(hours=1))
    assert day.states() == {"queued": WINDOW}
    assert "SendGrid cannot be reached" in day.told()
    with fake_sendgrid(day.provider.log, "--port", str(port)) as again:
        day.provider = again
        day.goes_on(timedelta(minutes=30))
        day.is_right(ids)
    assert day.states() == {"accepted": WINDOW}


def test_refusing_our_key(day: Day) -> None:
    ids = queued(day.database, WINDOW)
    errors = [{"field": None, "message": "The provided authorization grant is invalid, expired, or revoked"}]
    day.provider.control("moods", rules=[{"do": "answer", "status": 401, "errors": errors}])
    day.goes_on(timedelta(hours=1))
    assert day.provider.control("requests")["count"] < 20
    assert day.states() == {"queued": WINDOW}
    assert "SendGrid does not accept our API key" in day.told() and "SENDGRID_API_KEY" in day.told()
    day.provider.control("moods", rules=[])
    day.goes_on(timedelta(minutes=30))
    day.is_right(ids)


def test_refusing_a_sender_holds_up_no_other_mail(day: Day) -> None:
    ids = queued(day.database, 6)
    errors = [{"field": "from", "message": "The from address does not match a verified Sender Identity."}]
    day.provider.control("moods", rules=[{"do": "answer", "status": 403, "errors": errors, "next": 2}])
    day.goes_on(timedelta(minutes=4))
    assert day.states() == {"accepted": 4, "queued": 2}
    assert "2 messages wait for another try: SendGrid does not send in this sender's name" in day.told()
    day.goes_on(timedelta(hours=2), every=timedelta(minutes=30))
    day.is_right(ids)


def test_slow_and_silent(day: Day) -> None:
    ids = queued(day.database, WINDOW)
    day.provider.control("moods", rules=[{"do": "swallow", "seconds": 1}])
    day.goes_on(timedelta(minutes=2))
    in_doubt = day.states()["unknown"]
    assert 0 < in_doubt < 12
    assert "SendGrid gave no answer" in day.told() or "answers nothing of use" in day.told()
    day.provider.control("moods", rules=[])
    day.receipts_come()
    day.goes_on(timedelta(minutes=30))
    day.is_right(ids)


def test_answering_garbage(day: Day) -> None:
    ids = queued(day.database, WINDOW)
    day.provider.control("moods", rules=[{"do": "garbage"}])
    day.goes_on(timedelta(minutes=10))
    in_doubt = day.states()["unknown"]
    assert 0 < in_doubt < 20
    day.provider.control("moods", rules=[])
    day.goes_on(timedelta(minutes=30))
    day.is_right(ids, lost=in_doubt)


def test_a_brown_out(day: Day) -> None:
    ids = queued(day.database, 3 * WINDOW)
    rules = [
        {"do": "throttle", "share": 0.3, "seconds": 2},
        {"do": "fail", "share": 0.15},
        {"do": "hangup", "share": 0.12},
        {"do": "reset", "share": 0.1},
    ]
    day.provider.control("moods", rules=rules, seed=7)
    day.goes_on(timedelta(minutes=40), every=timedelta(seconds=20))
    day.provider.control("moods", rules=[])
    day.receipts_come()
    day.goes_on(timedelta(minutes=30))
    assert day.states()["queued"] == 0
    day.is_right(ids, lost=day.states()["unknown"])


def test_when_it_is_down_a_second_provider_takes_over_and_nothing_in_doubt_goes_twice(
    database: Database, provider: Running, tmp_path: Path
) -> None:
    with fake_sendgrid(tmp_path / "log2") as second:
        day = Day(database, provider, tmp_path)
        other = SendGridChannel("SG.test", f"http://127.0.0.1:{second.port}", threads=4)
        day.channel = Routes((Route("one", day.channel), Route("two", other)))  # type: ignore[assignment]
        ids = queued(database, 2 * WINDOW)
        provider.control("moods", rules=[{"do": "hangup", "next": 3}, {"do": "throttle", "seconds": 600}])
        day.goes_on(timedelta(minutes=4))
        first_log, second_log = accepted_ids(provider), accepted_ids(second)
        day.channel.close()
    assert sorted(first_log + second_log) == sorted(ids)
    assert len(first_log) == day.states()["unknown"] == 3
    assert day.states()["accepted"] == len(second_log) == 2 * WINDOW - 3
