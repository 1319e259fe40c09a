"""Clicks are judged after they have settled; only those of people are told, once for each page of a mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from engage.channels.base import Receipt
from engage.channels.email.recording import RecordingChannel
from engage.customers.tables import Account, Contact
from engage.db.session import Database
from engage.events.tables import SOURCE_STAFF, Event
from engage.messages.delivering import deliver
from engage.messages.judging import LOOKED_AT_AGAIN, judge_clicks
from engage.messages.receipts import record_receipts
from engage.messages.tables import Click, ClickVerdict, Message
from engage.releases.library import Library
from engage.testing import MONDAY, FrozenClock, make_account
from engage.worker.due import due_kinds
from tests.integration.messages.scene import LINKS
from tests.support.ledger import publish, queue

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
SETTLED = timedelta(seconds=90)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def sent(database: Database, count: int = 1, **said: Any) -> list[Message]:
    """Mails that were taken over on Monday."""
    with database.transaction() as session:
        queue(session, publish(session, now=MONDAY), count, now=MONDAY, **said)
    deliver(database, Library(), RecordingChannel(), LINKS, FrozenClock())
    with database.reading() as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


def click(database: Database, message: Message, after: float, **said: Any) -> None:
    at = MONDAY + seconds(after)
    usual = {"url": "https://example.com/start", "method": "GET", "user_agent": CHROME, "network": None}
    with database.transaction() as session:
        session.add(Click(message_id=message.id, at=at, judge_at=at + SETTLED, **(usual | said)))


def happen(database: Database, message: Message, after: float, name: str = "report.created", source: int = 7) -> None:
    """Something that the reader did."""
    at = MONDAY + seconds(after)
    with database.transaction() as session:
        session.add(Event(
            source_id=source, message_id="e1", type="track", name=name, contact_id=message.contact_id,
            account_id=message.account_id, occurred_at=at, received_at=at,
        ))  # fmt: skip


def judged(database: Database, after: float = 86_400) -> int:
    with database.transaction() as session:
        return judge_clicks(session, now=MONDAY + seconds(after))


def verdicts(database: Database) -> list[tuple[int, str, list[str]]]:
    with database.reading() as session:
        rows = session.scalars(select(ClickVerdict).order_by(ClickVerdict.id))
        return [(row.click_id, row.verdict, row.reasons) for row in rows]


def told(database: Database) -> list[Event]:
    with database.reading() as session:
        return list(session.scalars(select(Event).where(Event.name == "message.clicked").order_by(Event.id)))


def test_a_click_is_judged_when_it_has_settled_and_a_persons_is_told(database: Database) -> None:
    (message,) = sent(database)
    click(database, message, 600)
    assert judged(database, 689) == 0
    assert judged(database, 690) == 1
    assert judged(database) == 0

    assert verdicts(database) == [(1, "human", ["no_sign_of_a_machine"])]
    (event,) = told(database)
    assert (event.occurred_at, event.received_at) == (MONDAY + seconds(600), MONDAY + seconds(690))
    assert (event.contact_id, event.account_id) == (message.contact_id, message.account_id)
    assert event.properties == {
        "message_id": message.public_id, "origin": "notice", "origin_id": 0, "step_id": "s", "visit": 1,
        "template": "test/email", "playbook": "test", "url": "https://example.com/start", "reader": "addressee",
    }  # fmt: skip


def test_a_page_is_told_once_however_often_it_is_opened(database: Database) -> None:
    (message,) = sent(database)
    for after, url in ((600, "a"), (605, "a"), (700, "b")):
        click(database, message, after, url=f"https://example.com/{url}")
    judged(database)
    click(database, message, 9_000, url="https://example.com/a")
    judged(database)

    assert [event.properties["url"] for event in told(database)] == ["https://example.com/a", "https://example.com/b"]
    assert [verdict for _, verdict, _ in verdicts(database)] == ["human"] * 4


@pytest.mark.parametrize("said", [{"method": "HEAD"}, {"user_agent": "curl/8.14"}])
def test_what_machines_do_is_told_to_nobody(database: Database, said: dict[str, Any]) -> None:
    (message,) = sent(database)
    click(database, message, 600, **said)
    judged(database)

    assert [verdict for _, verdict, _ in verdicts(database)] == ["machine"]
    assert told(database) == []


def test_the_providers_word_on_the_arrival_counts_and_else_the_hand_over(database: Database) -> None:
    delivered, taken = sent(database, 2)
    with database.transaction() as session:
        said = {"kind": "delivered", "at": MONDAY + seconds(30), "reason": None, "address": None, "raw": {}}
        receipt = Receipt(provider="p", natural_key="1", message_id=delivered.public_id, **said)
        record_receipts(session, [receipt], now=MONDAY + seconds(40))
        templates = {"email": taken.template_version_id}
        (unsent,) = queue(session, templates, 1, now=MONDAY + timedelta(days=2), first=9)
        unsent = session.scalars(select(Message).where(Message.public_id == unsent)).one()
    for message, after in ((delivered, 31), (taken, 31), (taken, 1), (unsent, 600)):
        click(database, message, after)
    judged(database)

    assert [(verdict, reasons[0]) for _, verdict, reasons in verdicts(database)] == [
        ("machine", "before_arrival"),
        ("machine", "before_arrival"),
        ("human", "no_sign_of_a_machine"),
        ("machine", "before_arrival"),
    ]


def test_a_scanner_that_opens_every_link_is_one_and_the_reader_after_it_is_not(database: Database) -> None:
    (message,) = sent(database)
    for number in range(3):
        click(database, message, 60 + number, url=f"https://example.com/{number}")
    click(database, message, 3_600, url="https://example.com/1")
    judged(database)

    assert [(verdict, reasons) for _, verdict, reasons in verdicts(database)] == [
        *[("machine", ["burst"])] * 3,
        ("human", ["no_sign_of_a_machine"]),
    ]
    assert len(told(database)) == 1


def test_one_network_that_opens_the_mails_of_several_customers_is_a_scanner(database: Database) -> None:
    messages = sent(database, 10)
    with database.transaction() as session:
        other = make_account(session, "other").id
        session.execute(update(Message).where(Message.id == messages[4].id).values(account_id=other))
    for number, message in enumerate(messages[:5]):
        click(database, message, 600 + 5 * number, network="203.0.113.0/24")
    for number, message in enumerate(messages[5:]):
        click(database, message, 600 + 5 * number, network="198.51.100.0/24")
    judged(database, 800)

    found = verdicts(database)
    assert {(verdict, *reasons) for key, verdict, reasons in found if key <= 5} == {("machine", "sweep")}
    assert {(verdict, *reasons) for key, verdict, reasons in found if key > 5} == {("unsure", "busy_office")}


def test_a_doubt_is_lifted_by_what_the_reader_does_next_and_both_verdicts_are_kept(database: Database) -> None:
    (message,) = sent(database)
    click(database, message, 5)
    judged(database, 100)
    assert (verdicts(database), told(database)) == ([(1, "unsure", ["soon_after_arrival"])], [])
    assert judged(database, 200) == 0
    happen(database, message, 300)
    judged(database, 5 + LOOKED_AT_AGAIN.total_seconds())
    assert judged(database) == 0

    assert verdicts(database) == [
        (1, "unsure", ["soon_after_arrival"]),
        (1, "human", ["used_product", "soon_after_arrival"]),
    ]
    assert len(told(database)) == 1


@pytest.mark.parametrize(
    ("after", "name", "source"),
    [(1, "report.created", 7), (1_900, "report.created", 7), (60, "kickoff.held", 7), (60, "x", SOURCE_STAFF)],
)
def test_a_doubt_stays_where_nothing_was_done_by_the_reader_in_time(
    database: Database, after: float, name: str, source: int
) -> None:
    (message,) = sent(database)
    click(database, message, 5)
    happen(database, message, after, name, source)
    judged(database)

    assert verdicts(database) == [(1, "unsure", ["soon_after_arrival"])]
    assert (told(database), judged(database)) == ([], 0)


def test_of_a_mail_with_copies_or_to_a_shared_box_nobody_knows_who_followed_the_link(database: Database) -> None:
    copied, shared = sent(database, 2)
    with database.transaction() as session:
        session.execute(update(Message).where(Message.id == copied.id).values(cc=[shared.contact_id]))  # as drafted
        session.execute(update(Contact).where(Contact.id == shared.contact_id).values(is_shared_box=True))
    click(database, copied, 600)
    click(database, shared, 600)
    judged(database)
    with database.reading() as session:
        account = session.scalars(select(Account.id)).one()

    assert [(event.account_id, event.contact_id, event.properties["reader"]) for event in told(database)] == [
        (account, None, "somebody"),
        (account, shared.contact_id, "somebody"),
    ]


def test_a_click_is_work_for_a_worker_from_when_it_has_settled_until_it_is_judged(database: Database) -> None:
    (message,) = sent(database)
    click(database, message, 600)

    def is_due(after: float) -> bool:
        with database.reading() as session:
            return "clicks" in due_kinds(session, MONDAY + seconds(after))

    before, then = is_due(689), is_due(690)
    judged(database)

    assert (before, then, is_due(9_000)) == (False, True, False)


def test_clicks_of_before_the_upgrade_are_left_alone(database: Database) -> None:
    (message,) = sent(database)
    click(database, message, 600)
    with database.transaction() as session:
        session.execute(update(Click).values(judge_at=None))

    assert (judged(database), verdicts(database)) == (0, [])


def test_a_round_takes_the_oldest_and_costs_the_same_number_of_statements(database: Database) -> None:
    messages = sent(database, 30)
    for number, message in enumerate(messages):
        click(database, message, 1_000 - 30 * number)
    with database.transaction() as session:
        assert judge_clicks(session, now=MONDAY + timedelta(days=1), limit=20) == 20
    assert {key for key, _, _ in verdicts(database)} == set(range(11, 31))
    assert judged(database) == 10
