"""Stopping a topic: by one click or by the page, at once, as often as asked, and nothing by merely looking."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from engage.customers.tables import Consent, Contact
from engage.db.session import Database
from engage.journeys.digesting import digest
from engage.messages.drafting import draft
from engage.messages.tables import GateCheck, Message, Suppression
from engage.messages.unsubscribing import unsubscribe_headers
from engage.releases.library import Library
from engage.testing import MONDAY, FrozenClock, make_contact
from engage.web.errors import handle_errors
from engage.web.headers import harden
from engage.web.public.blueprint import public_pages
from tests.integration.messages.scene import LINKS, Cast, change, days, events, play
from tests.support.site import installation

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def cast(database: Database) -> Cast:
    return play(database)


@pytest.fixture
def browser(database: Database, tmp_path: Path) -> FlaskClient:
    engage = installation(database, FrozenClock(), tmp_path, secret_key="secret")
    app = Flask("public", static_folder=None)
    harden(app, https=False)
    handle_errors(app)
    app.register_blueprint(public_pages(engage))
    return app.test_client()


def sent(database: Database, cast: Cast, **said: object) -> Message:
    with database.transaction() as session:
        (message_id,) = draft(session, Library(), [cast.order(**said)], now=MONDAY)
        return session.get_one(Message, message_id)


def path_of(message: Message) -> str:
    return LINKS.unsubscribe_url(message.public_id).removeprefix(LINKS.public_url)


def suppressions(database: Database) -> list[tuple[str, str, str, str]]:
    with database.reading() as session:
        rows = session.scalars(select(Suppression)).all()
        return [(row.address_key, row.topic, row.reason, row.source) for row in rows]


def test_looking_changes_nothing_and_says_what_would_stop_for_whom(
    database: Database, cast: Cast, browser: FlaskClient
) -> None:
    message = sent(database, cast)
    for answer in (browser.get(path_of(message)), browser.head(path_of(message))):
        assert answer.status_code == 200
    page = browser.get(path_of(message)).get_data(as_text=True)

    assert "「製品のご案内」に関するメールの配信を停止しますか" in page
    assert "ai•••@customer.example" in page
    assert "aiko@" not in page
    assert suppressions(database) == []


def test_one_click_answers_blank_and_the_tenth_time_like_the_first(
    database: Database, cast: Cast, browser: FlaskClient
) -> None:
    path = path_of(sent(database, cast))
    for _ in range(3):
        answer = browser.post(path, data=ONE_CLICK)
        assert (answer.status_code, answer.data, answer.headers.get("Location")) == (200, b"", None)
        digested(database)
    with database.reading() as session:
        consents = session.execute(select(Consent.topic, Consent.state, Consent.basis)).all()

    assert suppressions(database) == [("aiko@customer.example", "product", "unsubscribed", "one_click")]
    assert [tuple(row) for row in consents] == [("product", "withdrawn", "unsubscribe")]
    assert events(database) == ["unsubscribed", "message.unsubscribed"]


def test_whoever_shares_an_address_stops_a_topic_for_themselves_too(
    database: Database, cast: Cast, browser: FlaskClient
) -> None:
    browser.post(path_of(sent(database, cast)), data=ONE_CLICK)
    digested(database)
    with database.transaction() as session:
        ben = make_contact(session, None, "ben", email="aiko@customer.example").id
    path = path_of(sent(database, cast, visit=2, contact_id=ben))
    before = browser.get(path).get_data(as_text=True)
    browser.post(path, data={"from": "page"})
    after = browser.get(path).get_data(as_text=True)
    digested(database)
    with database.reading() as session:
        refused = session.execute(select(Consent.contact_id, Consent.state).order_by(Consent.id)).all()

    assert "停止しますか" in before
    assert "停止しますか" not in after
    assert [tuple(row) for row in refused] == [(cast.aiko, "withdrawn"), (ben, "withdrawn")]


def test_a_no_after_a_new_yes_counts_again(database: Database, cast: Cast, browser: FlaskClient) -> None:
    path = path_of(sent(database, cast))
    browser.post(path, data=ONE_CLICK)
    digested(database)
    with database.transaction() as session:
        session.execute(update(Consent).values(at=MONDAY - days(2)))
        session.add(
            Consent(contact_id=cast.aiko, topic="product", state="granted", basis="x", evidence="", at=MONDAY - days(1))
        )
    browser.post(path, data=ONE_CLICK)
    digested(database)
    with database.reading() as session:
        states = session.scalars(select(Consent.state).order_by(Consent.at)).all()

    assert states == ["withdrawn", "granted", "withdrawn"]


def digested(database: Database) -> None:
    with database.transaction() as session:
        digest(session, Library(), now=MONDAY)


def test_one_click_works_as_multipart_too(database: Database, cast: Cast, browser: FlaskClient) -> None:
    answer = browser.post(path_of(sent(database, cast)), data=ONE_CLICK, content_type="multipart/form-data")

    assert (answer.status_code, answer.data) == (200, b"")
    assert len(suppressions(database)) == 1


def test_the_page_says_that_only_this_topic_stopped_in_the_language_of_the_mail(
    database: Database, cast: Cast, browser: FlaskClient
) -> None:
    facts = {**cast.order().facts, "contact": {"locale": "en"}}
    path = path_of(sent(database, cast, facts=facts))
    page = browser.post(path, data={"from": "page"}).get_data(as_text=True)

    assert "We will send no more mails about “Product news” to ai•••@customer.example" in page
    assert "what your contract requires, still reach you" in page
    assert "These mails have stopped" in browser.get(path).get_data(as_text=True)


def test_from_then_on_the_gate_lets_no_such_mail_through_to_that_address(
    database: Database, cast: Cast, browser: FlaskClient
) -> None:
    browser.post(path_of(sent(database, cast)), data=ONE_CLICK)
    with database.transaction() as session:
        same_box = make_contact(session, None, "ben", email="Aiko@Customer.example").id
    skipped = sent(database, cast, visit=2)
    other_topic = sent(database, cast, visit=3, topic="training")
    elsewhere = sent(database, cast, visit=4, contact_id=same_box, account_id=cast.account_id)

    assert (skipped.state, skipped.reason) == ("skipped", "address_stopped_topic")
    assert other_topic.state == "queued"
    assert elsewhere.state == "skipped"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_forged_link_is_refused_and_changes_nothing(
    database: Database, cast: Cast, browser: FlaskClient, method: str
) -> None:
    path = path_of(sent(database, cast))
    swapped = path[:-5] + ("a" if path[-5] != "a" else "b") + path[-4:]  # base64 leaves bits of the last sign out
    for forged in (path[:-2], swapped, "/unsubscribe/x", path + "a"):
        answer = getattr(browser, method)(forged, headers={"Accept-Language": "en"})
        assert answer.status_code == 404
        assert "This link does not work" in answer.get_data(as_text=True)
    assert browser.post(path[:-2], data=ONE_CLICK).status_code == 404
    assert suppressions(database) == []


def with_copy(database: Database, cast: Cast, *, left_out: str | None) -> Message:
    """A mail that was to have a copy, and what the gate said to that."""
    with database.transaction() as session:
        ben = make_contact(session, None, "ben").id
    message = sent(database, cast, cc=(ben,))
    with database.transaction() as session:
        said = {"copies": [{"contact": "ben", "left_out": left_out}]}
        session.add(GateCheck(message_id=message.id, at=MONDAY, phase="send", verdict="allow", inputs=said))
    return message


def test_whoever_got_a_copy_stops_nothing_and_the_addressee_has_to_say_who_they_are(
    database: Database, cast: Cast, browser: FlaskClient
) -> None:
    path = path_of(with_copy(database, cast, left_out=None))
    page = browser.get(path).get_data(as_text=True)
    by_button, by_program = browser.post(path, data={"from": "page"}), browser.post(path, data=ONE_CLICK)
    before = suppressions(database)
    by_addressee = browser.post(path, data={"from": "page", "own": "yes"})

    assert "ほかの方にも写し" in page and "私は宛先の本人です。" in page and "ai•••@customer.example" in page
    assert (by_button.status_code, by_program.status_code, before) == (400, 400, [])
    assert "確認欄に印を付けてください" in by_button.get_data(as_text=True)
    assert (by_addressee.status_code, len(suppressions(database))) == (200, 1)


def test_a_mail_whose_copy_was_left_out_has_its_one_click_as_any_other(
    database: Database, cast: Cast, browser: FlaskClient
) -> None:
    path = path_of(with_copy(database, cast, left_out="opted_out"))

    assert "写し" not in browser.get(path).get_data(as_text=True).replace("転送や写しで届いた方", "")
    assert browser.post(path, data=ONE_CLICK).status_code == 200


def test_of_a_shared_box_the_page_asks_and_the_mail_program_does_not(
    database: Database, cast: Cast, browser: FlaskClient
) -> None:
    change(database, Contact, cast.aiko, is_shared_box=True)
    facts = {**cast.order().facts, "contact": {"locale": "en"}}
    path = path_of(sent(database, cast, facts=facts))
    page, unticked = browser.get(path), browser.post(path, data={"from": "page"})
    ticked = browser.post(path, data={"from": "page", "own": "yes"})
    by_program = browser.post(path_of(sent(database, cast, visit=2)), data=ONE_CLICK)

    assert "none of them gets them any more" in page.get_data(as_text=True)
    assert [answer.status_code for answer in (unticked, ticked, by_program)] == [400, 200, 200]


def test_mail_programs_get_the_headers_and_copied_readers_no_one_click() -> None:
    url = LINKS.unsubscribe_url("msg_1")
    assert unsubscribe_headers(LINKS, "msg_1", purpose="transactional", has_copies=False) == ()
    assert unsubscribe_headers(LINKS, "msg_1", purpose="relationship", has_copies=True) == (
        ("List-Unsubscribe", f"<{url}>"),
    )
    assert unsubscribe_headers(LINKS, "msg_1", purpose="promotional", has_copies=False)[1] == (
        "List-Unsubscribe-Post",
        "List-Unsubscribe=One-Click",
    )
