"""The signed Event Webhook over HTTP: posted back by the SendGrid stand-in itself."""

from __future__ import annotations

import threading
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
from engage.messages.tables import Message, Suppression
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
    key = requests.get(f"http://127.0.0.1:{provider.port}/control/key", timeout=5).json()["public_key"]
    settings = Settings.from_env({"ENGAGE_HOME": str(tmp_path), "ENGAGE_SENDGRID_WEBHOOK_KEY": f"{key} {key}"})
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


def told(provider: Running, hook: str, *events: dict[str, Any], **said: str) -> int:
    """Has the stand-in post events; the status that it got."""
    body = {"url": hook, "events": list(events), **said}
    answer = requests.post(f"http://127.0.0.1:{provider.port}/control/events", json=body, timeout=10)
    return int(answer.json()["status"])


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


def test_a_signed_body_that_is_no_list_is_refused_with_its_reason(hook: str, provider: Running) -> None:
    answer = requests.post(hook, data=b"x" * (5 * 1024 * 1024), timeout=5)
    assert answer.status_code == 413
