"""The signed Event Webhook over HTTP: posted back by the SendGrid stand-in itself."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from engage.channels.email.sendgrid.channel import SendGridChannel
from engage.clock import Clock
from engage.config import Settings
from engage.db.session import Database
from engage.messages.delivering import deliver
from engage.messages.links import Links
from engage.messages.tables import Message, Receipt, Suppression
from engage.releases.library import Library
from engage.web.errors import handle_errors
from engage.web.hooks.sendgrid import sendgrid_hooks
from tests.integration.messages.test_delivering import queued
from tests.servers.running import Running, fake_sendgrid


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Running]:
    with fake_sendgrid(tmp_path / "log") as running:
        yield running


@pytest.fixture
def hook(database: Database, provider: Running, tmp_path: Path) -> Iterator[str]:
    """The URL of the webhook of an installation that trusts the stand-in's key."""
    keys = [provider.control(f"key?number={number}")["public_key"] for number in (0, 1)]
    settings = Settings.from_env({"ENGAGE_HOME": str(tmp_path), "ENGAGE_SENDGRID_WEBHOOK_KEY": " ".join(keys)})
    app = Flask("test")
    handle_errors(app)
    app.register_blueprint(sendgrid_hooks(SimpleNamespace(settings=settings, clock=Clock(), database=database)))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/hooks/sendgrid/events"
    server.shutdown()
    thread.join()
    server.server_close()


def told(provider: Running, hook: str, *events: dict[str, Any], **said: Any) -> int:
    """Has the stand-in post events; the status that it got."""
    return int(provider.control("events", url=hook, events=list(events), **said)["status"])


def delivery(database: Database) -> str | None:
    with database.reading() as session:
        return session.scalar(select(Message.delivery))


def test_what_sendgrid_tells_later_reaches_the_ledger(database: Database, provider: Running, hook: str) -> None:
    (public_id,) = queued(database, 1)
    channel = SendGridChannel("SG.test", f"http://127.0.0.1:{provider.port}")
    assert deliver(database, Library(), channel, Links("s", "http://x"), Clock()) == 1
    channel.close()
    delivered = {"message_id": public_id, "event": "delivered", "sg_event_id": "1"}
    assert [told(provider, hook, delivered), told(provider, hook, delivered)] == [200, 200]
    assert delivery(database) == "delivered"
    bounce = {"message_id": public_id, "event": "bounce", "email": "user-0@customer.example", "reason": "550 \0 no"}
    assert told(provider, hook, bounce) == 200
    assert delivery(database) == "bounced"
    with database.reading() as session:
        assert session.scalar(select(Suppression.address_key)) == "user-0@customer.example"


def test_a_forged_or_stale_webhook_changes_nothing(database: Database, provider: Running, hook: str) -> None:
    (public_id,) = queued(database, 1)
    event = {"message_id": public_id, "event": "bounce"}
    assert told(provider, hook, event, timestamp="1700000000") == 403
    forged = requests.post(hook, json=[event | {"engage_message_id": public_id}], timeout=5)
    assert (forged.status_code, forged.json()["error"]["code"]) == (403, "bad_signature")
    assert delivery(database) == "none"


def test_a_megabyte_of_shuffled_repetitions_days_late_comes_to_what_was_said_once(
    database: Database, provider: Running, hook: str
) -> None:
    ids = queued(database, 3)
    channel = SendGridChannel("SG.test", f"http://127.0.0.1:{provider.port}")
    deliver(database, Library(), channel, Links("s", "http://x"), Clock())
    channel.close()
    days_ago = int(time.time()) - 3 * 86_400
    said = [
        {"message_id": public_id, "event": event, "timestamp": days_ago, "sg_event_id": f"{public_id}:{event}", **more}
        for number, public_id in enumerate(ids)
        for event, more in (("delivered", {}), ("processed", {}), ("bounce", {"reason": "550 no"}))[: 2 + number // 2]
    ]
    storm = [event | {"useragent": "x" * 500} for event in said for _ in range(250)]
    random.Random(7).shuffle(storm)
    assert len(json.dumps(storm)) > 1_000_000
    assert told(provider, hook, *storm) == 200
    with database.reading() as session:
        known = session.execute(select(Message.public_id, Message.delivery)).all()
        assert dict(known) == {ids[0]: "delivered", ids[1]: "delivered", ids[2]: "bounced"}  # type: ignore[arg-type]
        assert len(session.scalars(select(Receipt.id)).all()) == len(said)


def test_while_keys_are_changed_webhooks_of_both_are_taken_and_of_no_other(provider: Running, hook: str) -> None:
    assert [told(provider, hook, {"event": "processed"}, key=number) for number in (0, 1)] == [200, 200]
    assert told(provider, hook, {"event": "processed"}, key=2) == 403


def test_a_signed_body_that_is_no_list_is_refused_with_its_reason(hook: str, provider: Running) -> None:
    answer = requests.post(hook, data=b"x" * (5 * 1024 * 1024), timeout=5)
    assert answer.status_code == 413
