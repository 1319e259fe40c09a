"""Pending contracts begin on their start date, on the customer's wall clock, through an event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from engage.channels.email.recording import RecordingChannel
from engage.customers.starting import start_contracts
from engage.db.session import Database
from engage.events.tables import Event
from engage.messages.links import Links
from engage.releases.library import Library
from engage.testing import FrozenClock
from engage.worker.rounds import Parts, Rounds
from tests.integration.customers.telling import contract, digest, group, hear, replay, snapshot, track

# The first of April begins in Tokyo at 15:00 UTC of the day before, in London (summer time) at 23:00.
TOKYO, LONDON = datetime(2027, 3, 31, 15, 0, tzinfo=UTC), datetime(2027, 3, 31, 23, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def signed(account: str = "acme", *, zone: str | None = None, **said: Any) -> list[Any]:
    properties = {"contract_id": f"{account}-1", "starts_on": "2027-04-01", "state": "pending", **said}
    return [
        group(None, account, {"name": account, **({"time_zone": zone} if zone else {})}, anonymousId="crm"),
        track(None, "contract.created", group=account, properties=properties),
    ]


def sweep(database: Database, now: datetime, zone: str = "Asia/Tokyo") -> int:
    with database.transaction() as session:
        written = start_contracts(session, time_zone=zone, now=now)
    digest(database)
    return written


def count_started(database: Database) -> int:
    with database.reading() as session:
        return session.scalars(select(func.count()).where(Event.name == "contract.started")).one()


@pytest.mark.parametrize(("zone", "begins"), [(None, TOKYO), ("Asia/Tokyo", TOKYO), ("Europe/London", LONDON)])
def test_a_contract_begins_when_its_day_begins_at_the_customer(
    database: Database, zone: str | None, begins: datetime
) -> None:
    hear(database, *signed(zone=zone))
    assert sweep(database, begins - SECOND) == 0
    assert contract(database, "acme-1").state == "pending"

    assert sweep(database, begins) == 1
    assert contract(database, "acme-1").state == "active"
    with database.reading() as session:
        (event,) = session.scalars(select(Event).where(Event.name == "contract.started"))
    assert (event.occurred_at, event.received_at) == (begins, begins)
    assert event.account_id is not None and event.resolved_at is not None


def test_sweeping_again_and_again_writes_one_event(database: Database) -> None:
    hear(database, *signed())
    for hour in range(3):
        with database.transaction() as session:
            start_contracts(session, time_zone="Asia/Tokyo", now=TOKYO + timedelta(hours=hour))
    digest(database)
    sweep(database, TOKYO + timedelta(days=3))
    assert count_started(database) == 1


def test_after_an_outage_the_day_that_was_missed_is_made_good(database: Database) -> None:
    later = track(None, "contract.updated", group="acme", properties={"contract_id": "acme-1", "name": "Plan B"})
    hear(database, *signed())
    hear(database, later, at=TOKYO + timedelta(days=1))
    assert sweep(database, TOKYO + timedelta(days=2)) == 1
    assert contract(database, "acme-1").state == "active"


@pytest.mark.parametrize("state", ["active", "cancelled", "ended", "renewed"])
def test_only_a_pending_contract_begins(database: Database, state: str) -> None:
    hear(database, *signed(state=state))
    assert sweep(database, LONDON) == 0
    assert contract(database, "acme-1").state == state


def test_a_contract_without_a_start_date_waits_for_one(database: Database) -> None:
    hear(database, *signed(starts_on=None))
    assert sweep(database, LONDON) == 0


def test_a_cancellation_that_came_first_wins(database: Database) -> None:
    hear(database, *signed())
    with database.transaction() as session:
        start_contracts(session, time_zone="Asia/Tokyo", now=TOKYO)
    cancelled = track(None, "contract.cancelled", group="acme", properties={"contract_id": "acme-1"})
    hear(database, cancelled, at=TOKYO)
    assert contract(database, "acme-1").state == "cancelled"


def test_a_crm_that_goes_on_saying_pending_does_not_stop_it_again(database: Database) -> None:
    hear(database, *signed())
    sweep(database, TOKYO)
    nightly = {"contract_id": "acme-1", "starts_on": "2027-04-01", "state": "pending", "name": "Plan A"}
    hear(database, track(None, "contract.updated", group="acme", properties=nightly), at=TOKYO + timedelta(days=1))
    assert (contract(database, "acme-1").state, contract(database, "acme-1").name) == ("active", "Plan A")


def test_a_start_that_is_put_off_is_waited_for_again(database: Database) -> None:
    hear(database, *signed())
    sweep(database, TOKYO)
    moved = {"contract_id": "acme-1", "starts_on": "2027-05-01", "state": "pending"}
    hear(database, track(None, "contract.updated", group="acme", properties=moved), at=TOKYO + timedelta(days=1))
    assert contract(database, "acme-1").state == "pending"
    assert sweep(database, TOKYO + timedelta(days=40)) == 1
    assert contract(database, "acme-1").state == "active"


@pytest.mark.parametrize("chunk", [1, 2, 1_000])
def test_a_replay_gives_the_same(database: Database, chunk: int) -> None:
    hear(database, *signed(), *signed("beta", zone="Europe/London"))
    sweep(database, TOKYO)
    nightly = {"contract_id": "acme-1", "state": "pending", "name": "Plan A"}
    hear(database, track(None, "contract.updated", group="acme", properties=nightly), at=TOKYO + timedelta(days=1))
    sweep(database, LONDON)
    before = snapshot(database)

    replay(database, chunk=chunk)

    assert snapshot(database) == before
    assert contract(database, "acme-1").state == contract(database, "beta-1").state == "active"


def test_the_workers_round_of_dates_does_it(database: Database) -> None:
    hear(database, *signed())
    parts = Parts(database, Library(), Links("secret", "http://x.example"), FrozenClock(TOKYO), RecordingChannel())
    assert Rounds(parts).run("occurrences") == 1
    digest(database)
    assert contract(database, "acme-1").state == "active"
