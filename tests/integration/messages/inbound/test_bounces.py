"""Bounces from a mailbox are receipts: the delivery by rank, the address stopped, a doubt ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engage.channels.base import Unknown
from engage.db.session import Database
from engage.messages.tables import Attempt, Message, Receipt, Suppression
from engage.messages.unknowns import list_doubts
from tests.integration.messages.inbound.office import ANN, Office
from tests.support import letters


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office(database, tmp_path)


def message(office: Office) -> Any:
    return office.rows(Message)[0]


def stopped(office: Office) -> list[tuple[str, str, str]]:
    with office.database.reading() as session:
        asked = select(Suppression.address_key, Suppression.reason, Suppression.source)
        return [tuple(row) for row in session.execute(asked)]


@pytest.mark.parametrize(
    "report", [letters.postfix_report, letters.exchange_report, letters.gmail_report, letters.qmail_bounce]
)
def test_a_bounce_of_any_shape_is_a_receipt_and_stops_the_address(office: Office, report: Any) -> None:
    sent = office.start()
    raw = report(sent.message_id, to=ANN)
    assert [office.arrives(raw, back=""), office.arrives(raw, back="")] == [1, 0]
    assert (office.mail().kind, office.mail().meaning, office.mail().message_id) == (
        "bounce",
        "bounced",
        message(office).id,
    )
    assert (message(office).state, message(office).delivery) == ("accepted", "bounced")
    assert stopped(office) == [(ANN, "bounced", "dsn")]
    assert len(office.events("message.bounced")) == 1
    assert office.work() == []


def test_a_full_mailbox_drops_the_mail_and_keeps_the_address(office: Office) -> None:
    sent = office.start()
    office.arrives(letters.gmail_report(sent.message_id, to=ANN, status="5.2.2", said="552-5.2.2 inbox out of storage"))
    assert (message(office).delivery, stopped(office)) == ("dropped", [])


def test_a_delay_that_ends_in_a_delivery_is_told_in_order(office: Office) -> None:
    sent = office.start()
    said = {"to": ANN, "status": "4.4.1", "said": "connect: timed out"}
    office.arrives(letters.postfix_report(sent.message_id, action="delayed", header_id="1@mx", **said))
    assert message(office).delivery == "deferred"
    office.arrives(
        letters.postfix_report(
            sent.message_id, action="delivered", header_id="2@mx", to=ANN, status="2.0.0", said="250 ok"
        )
    )
    assert (message(office).delivery, stopped(office)) == ("delivered", [])


def test_a_bounce_ends_the_doubt_about_a_hand_over(office: Office) -> None:
    office.say("product.opened", by=office.ann)
    office.run()
    office.send(Unknown("no answer after the content"))
    assert message(office).state == "unknown"
    with office.database.reading() as session:
        (doubt,) = list_doubts(session, now=office.now)
    assert "bounce" in doubt["next"]
    office.arrives(letters.postfix_report(message(office).public_id, to=ANN), back="")
    assert (message(office).state, message(office).delivery) == ("accepted", "bounced")
    assert office.rows(Attempt, Attempt.outcome) == ["unknown"]


def test_a_bounce_from_behind_the_address_stops_nothing(office: Office) -> None:
    sent = office.start()
    office.arrives(letters.postfix_report(sent.message_id, to="ann@old-company.example"))
    assert (message(office).delivery, stopped(office)) == ("dropped", [])


def test_a_forged_bounce_without_our_id_stops_nothing(office: Office) -> None:
    office.start()
    assert office.arrives(letters.postfix_report("guessed", to=ANN)) == 1
    assert (office.mail().kind, office.mail().meaning) == ("bounce", "unmatched")
    assert (message(office).delivery, stopped(office)) == ("none", [])


def test_a_bounce_is_matched_by_the_address_that_it_came_to(office: Office) -> None:
    sent = office.start()
    raw = letters.postfix_report("lost", to=ANN)
    office.arrives(raw, back="", to=(f"bounces+{sent.message_id}@mail.sample.example",))
    assert (message(office).delivery, stopped(office)) == ("bounced", [(ANN, "bounced", "dsn")])


def test_a_complaint_by_mail_is_the_readers_word(office: Office) -> None:
    sent = office.start()
    office.arrives(letters.complaint(sent.message_id, to=ANN))
    assert stopped(office) == [(ANN, "complained", "dsn")]
    assert len(office.events("message.complained")) == 1


def test_of_a_copys_bounce_the_addressee_knows_nothing(office: Office) -> None:
    office.start()
    with office.database.transaction() as session:
        session.scalars(select(Message)).one().cc = [office.ben.id]
    office.arrives(letters.postfix_report(message(office).public_id, to="ben@customer.example"))
    assert (message(office).delivery, stopped(office)) == ("none", [("ben@customer.example", "bounced", "dsn")])
    assert office.rows(Receipt, Receipt.kind) == ["bounced"]


def test_reports_about_others_mail_are_bounded_and_those_about_ours_are_not(office: Office) -> None:
    sent = office.start()
    others = [letters.postfix_report("x", to=ANN, header_id=f"{n}@mx") for n in range(25)]
    assert office.arrives(*others, letters.postfix_report(sent.message_id, to=ANN)) == 26
    assert message(office).delivery == "bounced"
    assert len(office.raws()) == 21
