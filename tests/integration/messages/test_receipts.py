"""Receipts: each once, in any order; bounces and complaints stop the address; doubts end."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from engage.channels.base import Receipt, Unknown
from engage.channels.email.recording import RecordingChannel
from engage.channels.email.sendgrid.webhook import parse
from engage.customers.tables import Consent, Contact
from engage.db.session import Database
from engage.events.tables import Event
from engage.ids import new_id
from engage.journeys.digesting import digest
from engage.messages.delivering import deliver
from engage.messages.receipts import record_receipts
from engage.messages.tables import Message, Suppression
from engage.messages.tables import Receipt as ReceiptRow
from engage.releases.library import Library
from engage.testing import MONDAY, FrozenClock
from tests.integration.messages.test_delivering import LINKS, copied, queued, run
from tests.servers.fake_sendgrid import event_body
from tests.support.ledger import publish, queue

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


EVENTS = {  # what SendGrid may say of one mail; each of these is said at its own time
    "processed": {},
    "deferred": {"response": "450 later"},
    "delivered": {},
    "bounce": {"reason": "550 no such user"},
    "dropped": {"reason": "Bounced Address"},
    "spamreport": {},
    "unsubscribe": {},
    "group_unsubscribe": {"asm_group_id": 7},
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), kinds=st.sets(st.sampled_from(sorted(EVENTS)), min_size=1))
def test_in_whatever_order_and_however_often_events_come_they_come_to_the_same_facts(
    database: Database, data: st.DataObject, kinds: set[str]
) -> None:
    told_in_order, told_anyhow = two_mails(database)
    for one in sorted(kinds):
        record(database, *parse(json.dumps([an_event(told_in_order, one)]).encode(), {7: "product"}))
    digested(database)
    # Again and again, with the same id or a new one, in batches of any size, late or at once.
    stream = data.draw(st.lists(st.sampled_from(sorted(kinds)), min_size=len(kinds), max_size=12))
    stream = data.draw(st.permutations([*stream, *kinds]))
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        batch, stream = stream[:size], stream[size:]
        events = [an_event(told_anyhow, one, again=data.draw(st.booleans())) for one in batch]
        record(database, *parse(json.dumps(events).encode(), {7: "product"}))
        if data.draw(st.booleans()):
            digested(database)
    digested(database)
    assert facts_of(database, told_anyhow) == facts_of(database, told_in_order)


def an_event(public_id: str, kind: str, *, again: bool = False) -> dict[str, Any]:
    """SendGrid's event about a mail, at a time that belongs to its kind."""
    at = int(MONDAY.timestamp()) + 60 * (1 + sorted(EVENTS).index(kind))
    number = f"{public_id}:{kind}" + (f":{new_id('x')}" if again else "")
    said = {"event": kind, "timestamp": at, "sg_event_id": number, "message_id": public_id, "email": address(public_id)}
    return event_body(said | EVENTS[kind])


def two_mails(database: Database) -> list[str]:
    """Two mails, each to somebody of their own, that have gone out."""
    with database.transaction() as session:
        count = session.scalar(select(func.count()).select_from(Message)) or 0
        version = session.scalar(select(Message.template_version_id))
        templates = publish(session, now=MONDAY) if version is None else {"email": version}
        ids = queue(session, templates, 2, now=MONDAY, first=count)
        for number, public_id in enumerate(ids, count):
            at = {"address": address(public_id)}
            session.execute(update(Message).where(Message.public_id == public_id).values(at))
            changed = update(Contact).where(Contact.external_id == f"user-{number}")
            session.execute(changed.values(email=address(public_id), address_key=address(public_id)))
    run(database, RecordingChannel())
    return ids


def address(public_id: str) -> str:
    return f"{public_id.lower()}@customer.example"


def facts_of(database: Database, public_id: str) -> dict[str, Any]:
    """What is known of a mail and its reader: all that anything is decided by."""
    with database.reading() as session:
        mail = session.execute(select(Message).where(Message.public_id == public_id)).scalar_one()
        stopped = select(Suppression.topic, Suppression.reason, Suppression.at)
        words = (Consent.topic, Consent.state, Consent.basis, Consent.at)
        refused = select(*words, Consent.evidence).where(Consent.contact_id == mail.contact_id)
        told = select(Event.name).where(Event.contact_id == mail.contact_id)
        return {
            "state": mail.state,
            "delivery": mail.delivery,
            "stopped": sorted(session.execute(stopped.where(Suppression.address_key == address(public_id))).all()),
            "refused": sorted((*row[:-1], row.evidence.replace(public_id, "")) for row in session.execute(refused)),
            "told": sorted(session.scalars(told)),
        }


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


def test_what_comes_back_after_its_reader_was_erased_writes_no_address_down(database: Database) -> None:
    (public_id,) = queued(database, 1)
    run(database, RecordingChannel())
    with database.transaction() as session:
        session.execute(update(Message).values(address=None))
    told = {"address": "user-0@customer.example", "reason": "user-0 is unknown", "raw": {"email": "user-0"}}
    record(database, receipt(public_id, "bounced", **told))
    assert (suppressed(database), message(database).delivery) == ([], "bounced")
    with database.reading() as session:
        assert session.execute(select(ReceiptRow.reason, ReceiptRow.raw)).all() == [(None, {})]


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


def test_what_became_of_a_copy_is_not_what_became_of_the_mail(database: Database) -> None:
    (public_id,) = queued(database, 1, cc=[copied(database)])
    run(database, RecordingChannel())
    record(database, receipt(public_id, "delivered", address="user-0@customer.example"))
    record(database, receipt(public_id, "bounced", address="ben@customer.example"))

    assert message(database).delivery == "delivered"
    assert names(database) == ["message.delivered"]
    assert suppressed(database) == [("ben@customer.example", "*", "bounced")]


def test_a_copys_receipt_ends_the_doubt_too(database: Database) -> None:
    (public_id,) = queued(database, 1, cc=[copied(database)])
    run(database, RecordingChannel(lambda _email: Unknown("no answer")))
    record(database, receipt(public_id, "delivered", address="ben@customer.example"))

    assert (message(database).state, message(database).delivery) == ("accepted", "none")


@pytest.mark.parametrize(
    ("kind", "topic", "basis"), [("complained", "*", "complaint"), ("unsubscribed", "news", "unsubscribe")]
)
def test_what_a_reader_told_the_provider_is_their_word_whatever_address_they_have_later(
    database: Database, kind: str, topic: str, basis: str
) -> None:
    (public_id,) = queued(database, 1)
    run(database, RecordingChannel())
    record(database, receipt(public_id, kind, address="user-0@customer.example"))
    record(database, receipt(public_id, kind, natural_key="again"))
    digested(database)

    assert consents(database) == [("user-0", topic, "withdrawn", basis)]
    with database.transaction() as session:
        session.execute(update(Contact).values(email="new@customer.example", address_key="new@customer.example"))
        queue(session, {"email": session.scalars(select(Message.template_version_id)).one()}, 1, now=MONDAY, first=1)
        reader = session.scalars(select(Contact.id).where(Contact.external_id == "user-0")).one()
        session.execute(update(Message).where(Message.state == "queued").values(contact_id=reader))
    run(database, RecordingChannel())
    with database.reading() as session:
        assert session.scalars(select(Message.reason).order_by(Message.id)).all() == [None, "opted_out"]


def test_a_copied_reader_who_complains_speaks_for_themselves(database: Database) -> None:
    (public_id,) = queued(database, 1, cc=[copied(database)])
    run(database, RecordingChannel())
    record(database, receipt(public_id, "complained", address="Ben@customer.example"))
    digested(database)

    assert consents(database) == [("ben", "*", "withdrawn", "complaint")]
    assert "message.complained" not in names(database)


def digested(database: Database) -> None:
    with database.transaction() as session:
        digest(session, Library(), now=MONDAY + timedelta(minutes=3))


def consents(database: Database) -> list[tuple[str, str, str, str]]:
    """Who said what on which topic, and on what grounds."""
    asked = select(Contact.external_id, Consent.topic, Consent.state, Consent.basis)
    with database.reading() as session:
        return [tuple(row) for row in session.execute(asked.join(Contact, Contact.id == Consent.contact_id))]


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
        session.execute(update(Message).values(state="rejected", ended_at=MONDAY, due_at=None))
    record(database, receipt(public_id, "dropped"))
    assert (message(database).state, message(database).delivery) == ("rejected", "dropped")


def test_a_receipt_about_nothing_of_ours_is_kept_and_a_bounce_still_counts(database: Database) -> None:
    assert record(database, receipt(None, "bounced", natural_key="k", address="x@customer.example")) == 1
    assert record(database, receipt("msg_unknown", "delivered")) == 1
    assert suppressed(database) == [("x@customer.example", "*", "bounced")]
