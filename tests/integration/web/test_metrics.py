"""The metrics: figures only, to whoever knows the token."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from engage.channels.base import NotSent, Receipt, Unknown
from engage.channels.email.recording import RecordingChannel
from engage.db.session import Database
from engage.events.recording import NewEvent, record
from engage.messages.braking import stop
from engage.messages.delivering import deliver
from engage.messages.links import Links
from engage.messages.receipts import record_receipts
from engage.messages.status import STATES
from engage.messages.unknowns import list_unknowns
from engage.releases.library import Library
from engage.testing import MONDAY, FrozenClock
from engage.web.app import create_app
from engage.worker.rounds import Parts, Rounds
from tests.support.ledger import publish, queue
from tests.support.site import installation

TOKEN = "a token of the monitor"
LINKS = Links("secret", "https://engage.example")


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def client(database: Database, clock: FrozenClock, tmp_path: Path) -> FlaskClient:
    return create_app(installation(database, clock, tmp_path, metrics_token=TOKEN)).test_client()


def figures(client: FlaskClient) -> dict[tuple[str, str], float]:
    """Every figure by its name and label."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200 and answer.content_type.startswith("text/plain")
    samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    return {(sample.name, "".join(sample.labels.values())): sample.value for sample in samples}


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}])
def test_without_the_token_nothing_is_told(client: FlaskClient, header: dict[str, str]) -> None:
    answer = client.get("/metrics", headers=header)
    assert answer.status_code == 403 and "engage_" not in answer.text


def test_without_a_token_in_the_settings_there_is_no_such_page(database: Database, tmp_path: Path) -> None:
    client = create_app(installation(database, FrozenClock(), tmp_path)).test_client()
    for header in ({}, {"Authorization": "Bearer "}):
        assert client.get("/metrics", headers=header).status_code == 404


def test_a_fresh_installation_has_every_figure_but_a_worker(client: FlaskClient) -> None:
    found = figures(client)
    assert {label for name, label in found if name == "engage_messages"} == set(STATES)
    assert {label for name, label in found if name == "engage_work_waiting_seconds"} == {
        "events", "journeys", "messages", "approvals", "clicks",
    }  # fmt: skip
    assert set(found.values()) == {0.0}
    assert ("engage_worker_seen_seconds", "") not in found


def test_what_waits_and_what_is_in_doubt_is_counted(
    client: FlaskClient, database: Database, clock: FrozenClock
) -> None:
    answers: list[Any] = [Unknown("silence"), NotSent("busy", 90)]
    with database.transaction() as session:
        queue(session, publish(session, now=MONDAY), 2, now=MONDAY)
        came = NewEvent(key="e-1", name="replied", occurred_at=MONDAY, received_at=MONDAY, account_id=None)
        record(session, [came])
    deliver(database, Library(), RecordingChannel(lambda _: answers.pop()), LINKS, clock)
    clock.move(timedelta(hours=3))

    found = figures(client)
    assert (found["engage_messages", "unknown"], found["engage_messages", "queued"]) == (1, 1)
    assert found["engage_work_waiting_seconds", "messages"] == 3 * 3600 - 90
    assert found["engage_work_waiting_seconds", "events"] == 3 * 3600
    assert (found["engage_events_unresolved", ""], found["engage_unknowns_listed", ""]) == (1, 1)
    with database.reading() as session:
        assert len(list_unknowns(session, now=clock.now())) == 1


def test_how_mail_fares_and_who_rests_is_told(client: FlaskClient, database: Database, clock: FrozenClock) -> None:
    with database.transaction() as session:
        ids = queue(session, publish(session, now=MONDAY), 3, now=MONDAY)
        stop(session, "provider", "sendgrid", by="cli:sato", reason="", now=MONDAY)
    deliver(database, Library(), RecordingChannel(), LINKS, clock)
    with database.transaction() as session:
        record_receipts(session, [Receipt("x", "1", ids[0], "bounced", MONDAY, None, None, {})], now=MONDAY)
    found = figures(client)
    assert {label: value for (name, label), value in found.items() if name == "engage_mail_week"} == {
        "example.comtestsent": 3, "example.comtestbounced": 1, "example.comtestcomplained": 0,
    }  # fmt: skip
    assert found["engage_provider_resting", "sendgrid"] == 1


def test_a_worker_shows_that_it_lives(client: FlaskClient, database: Database, clock: FrozenClock) -> None:
    rounds = Rounds(Parts(database, Library(), LINKS, clock, RecordingChannel()))
    rounds.run("sweep")
    clock.move(timedelta(seconds=100))
    assert figures(client)["engage_worker_seen_seconds", ""] == 100
    rounds.run("sweep")
    assert figures(client)["engage_worker_seen_seconds", ""] == 0


def test_no_figure_is_about_anybody(client: FlaskClient, database: Database) -> None:
    with database.transaction() as session:
        queue(session, publish(session, now=MONDAY), 2, now=MONDAY)
    said = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert "@" not in said and "msg_" not in said
