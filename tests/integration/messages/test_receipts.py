"""Receipts: each once, in any order; bounces and complaints stop the address; doubts end."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from engage.channels.base import Receipt, Unknown
from engage.channels.email.recording import RecordingChannel
from engage.db.session import Database
from engage.events.tables import Event
from engage.messages.delivering import deliver
from engage.messages.receipts import record_receipts
from engage.messages.tables import Message, Suppression
from engage.messages.tables import Receipt as ReceiptRow
from engage.releases.library import Library
from engage.testing import MONDAY, FrozenClock
from tests.integration.messages.test_delivering import LINKS, queued, run

KINDS = ("processed", "deferred", "delivered", "bounced")


def receipt(message_id: str | None, kind: str, **said: Any) -> Receipt:
    fields: dict[str, Any] = {
        "provider": "sendgrid", "natural_key": f"{message_id}:{kind}", "message_id": message_id, "kind": kind,
        "at": MONDAY + timedelta(minutes=1), "reason": None, "address": None, "raw": {"event": kind},
    }  # fmt: skip
    return Receipt(**fields | said)


def record(database: Database, *receipts: Receipt) -> int:
    with database.transaction() as session:
        return record_receipts(session, receipts, now=MONDAY + timedelta(minutes=2))


def message(database: Database) -> Any:
    with database.reading() as session:
        return session.execute(select(Message.state, Message.delivery, Message.reason, Message.accepted_at)).one()


def names(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(session.scalars(select(Event.name)))


def suppressed(database: Database) -> list[tuple[str, str, str]]:
    with database.reading() as session:
        asked = select(Suppression.address_key, Suppression.topic, Suppression.reason)
        return [tuple(row) for row in session.execute(asked)]


def test_a_storm_of_shuffled_and_repeated_receipts_comes_to_the_same(database: Database) -> None:
    (public_id,) = queued(database, 1)
    run(database, RecordingChannel())
    storm = [receipt(public_id, kind) for kind in KINDS for _ in range(20)]
    random.Random(7).shuffle(storm)
    new = sum(record(database, *storm[start : start + 7]) for start in range(0, len(storm), 7))
    assert new == len(KINDS)
    assert (message(database).state, message(database).delivery) == ("accepted", "bounced")
    assert names(database) == ["message.bounced", "message.delivered"]
    with database.reading() as session:
        assert len(session.scalars(select(ReceiptRow.id)).all()) == len(KINDS)


def test_a_late_delivered_does_not_undo_a_bounce(database: Database) -> None:
    (public_id,) = queued(database, 1)
    run(database, RecordingChannel())
    record(database, receipt(public_id, "bounced"))
    record(database, receipt(public_id, "delivered"))
    assert message(database).delivery == "bounced"


@pytest.mark.parametrize("kind", ["bounced", "complained"])
def test_a_bounce_or_complaint_stops_the_address_for_good(database: Database, kind: str) -> None:
    (public_id,) = queued(database, 1)
    run(database, RecordingChannel())
    record(database, receipt(public_id, kind))
    assert suppressed(database) == [("user-0@customer.example", "*", kind)]
    assert f"message.{kind}" in names(database)


def test_a_provider_side_unsubscribe_stops_the_topic(database: Database) -> None:
    (public_id,) = queued(database, 1)
    run(database, RecordingChannel())
    record(database, receipt(public_id, "unsubscribed", address="User-0@Customer.Example"))
    assert suppressed(database) == [("user-0@customer.example", "news", "unsubscribed")]


def test_a_copy_that_bounced_stops_the_copys_address_only(database: Database) -> None:
    (public_id,) = queued(database, 1)
    run(database, RecordingChannel())
    record(database, receipt(public_id, "bounced", address="copy@customer.example"))
    assert suppressed(database) == [("copy@customer.example", "*", "bounced")]


def test_a_receipt_ends_the_doubt_about_a_hand_over(database: Database) -> None:
    (public_id,) = queued(database, 1, wakes=True)
    run(database, RecordingChannel(lambda _email: Unknown("no answer")))
    assert message(database).state == "unknown"
    record(database, receipt(public_id, "processed"))
    assert (message(database).state, message(database).reason) == ("accepted", None)
    assert names(database) == ["message.accepted"]


def test_a_receipt_keeps_a_message_from_going_twice_after_a_restored_backup(database: Database) -> None:
    (public_id,) = queued(database, 1)
    record(database, receipt(public_id, "processed"))
    channel = RecordingChannel()
    assert deliver(database, Library(), channel, LINKS, FrozenClock()) == 0
    assert (message(database).state, channel.sent) == ("accepted", [])


def test_a_rejected_message_stays_rejected(database: Database) -> None:
    (public_id,) = queued(database, 1)
    with database.transaction() as session:
        session.execute(update(Message).values(state="rejected"))
    record(database, receipt(public_id, "dropped"))
    assert (message(database).state, message(database).delivery) == ("rejected", "dropped")


def test_a_receipt_about_nothing_of_ours_is_kept_and_a_bounce_still_counts(database: Database) -> None:
    assert record(database, receipt(None, "bounced", natural_key="k", address="x@customer.example")) == 1
    assert record(database, receipt("msg_unknown", "delivered")) == 1
    assert suppressed(database) == [("x@customer.example", "*", "bounced")]
