"""A sending domain that is paused or new, a recipient's domain that is slowed: what waits says why and until when."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from engage.channels.email.recording import RecordingChannel
from engage.channels.email.routing.routes import Route, Routes
from engage.channels.email.routing.tables import Brake
from engage.channels.email.routing.warm_up import WarmUp
from engage.customers.tables import Contact
from engage.db.session import Database
from engage.messages.delivering import deliver
from engage.messages.pacing import SLOWLY
from engage.messages.tables import Attempt, GateCheck
from engage.releases.library import Library
from engage.testing import MONDAY, FrozenClock
from tests.integration.messages.test_delivering import LINKS, messages, queued

TOKYO = ZoneInfo("Asia/Tokyo")
OURS = "example.com"  # the team's domain in these tests


def sent(database: Database, clock: FrozenClock, warm_up: dict[str, WarmUp] | None = None) -> int:
    channel = RecordingChannel()
    deliver(database, Library(), Routes((Route("first", channel),), warm_up or {}), LINKS, clock)
    return len(channel.sent)


def put(database: Database, kind: str, name: str, until: datetime | None = None) -> None:
    with database.transaction() as session:
        counts: dict[str, Any] = {"failures": 0, "rests": 0, "used": 0, "granted": 0}
        session.add(Brake(kind=kind, name=name, since=MONDAY, until=until, reason="for a test", by="test", **counts))


def test_a_new_domain_sends_what_its_day_allows_and_the_rest_on_the_days_after(database: Database) -> None:
    queued(database, 60)
    clock = FrozenClock()
    ramp = {OURS: WarmUp(date(2026, 11, 16), TOKYO, first_day=20)}
    assert sent(database, clock, ramp) == 20
    held = [row for row in messages(database) if row.state == "queued"]
    tomorrow = datetime(2026, 11, 17, tzinfo=TOKYO)
    assert {(row.due_at, row.reason) for row in held} == {(tomorrow, f"warm_up: {OURS}")}
    assert sent(database, clock, ramp) == 0
    clock.move_to(tomorrow)
    assert sent(database, clock, ramp) == 30
    clock.move(timedelta(days=1))
    assert sent(database, clock, ramp) == 10


def test_other_domains_are_not_slowed_by_a_new_one(database: Database) -> None:
    queued(database, 30)
    assert sent(database, FrozenClock(), {"new.example": WarmUp(date(2026, 11, 16), TOKYO, first_day=1)}) == 30


def test_a_paused_domain_sends_nothing_and_what_waits_is_kept_with_the_reason(database: Database) -> None:
    queued(database, 3)
    put(database, "sender", OURS)
    assert sent(database, FrozenClock()) == 0
    assert {(row.state, row.reason, row.fence) for row in messages(database)} == {
        ("queued", f"sending_domain_paused: {OURS}", 0)
    }
    with database.reading() as session:
        told = session.execute(select(GateCheck.verdict, GateCheck.policy).order_by(GateCheck.id.desc())).first()
    assert told == ("hold", "sending_domain")


def test_a_slowed_domain_gets_a_few_now_and_then_and_others_all(database: Database) -> None:
    queued(database, 30)
    with database.transaction() as session:
        elsewhere = Contact.external_id.in_([f"user-{number}" for number in range(25, 30)])
        session.execute(update(Contact).where(elsewhere).values(email=Contact.external_id + "@Else.example"))
    put(database, "recipient", "customer.example", until=MONDAY + timedelta(hours=1))
    clock = FrozenClock()
    assert sent(database, clock) == SLOWLY.at_most + 5
    assert sent(database, clock) == 0
    clock.move(SLOWLY.per)
    assert sent(database, clock) == SLOWLY.at_most
    clock.move(timedelta(hours=1))
    assert sent(database, clock) == 30 - 2 * SLOWLY.at_most - 5


def test_an_attempt_keeps_in_whose_name_it_was_made(database: Database) -> None:
    queued(database, 1)
    sent(database, FrozenClock())
    with database.reading() as session:
        assert session.scalars(select(Attempt.domain)).all() == [OURS]
