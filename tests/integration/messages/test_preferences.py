"""The page of preferences: looking changes nothing, less holds at once, more only as the reader last saw it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from engage.customers.consent_ledger import words_on_mail
from engage.customers.consents import holding
from engage.customers.tables import ConsentRecord, Contact
from engage.db.session import Database
from engage.events.tables import Event
from engage.journeys.digesting import digest
from engage.messages.tables import GateCheck, Message, Suppression
from engage.releases.library import Library
from engage.testing import MONDAY
from tests.support.asking import Asking, ask

ALWAYS_ON = {"onboarding", "usage_review", "contract", "voice", "support", "capacity", "service_news", "adoption"}
ALWAYS_ON |= {"people"}
ONLY_WITH_A_YES = {"advocacy", "win_back"}


@pytest.fixture
def asking(database: Database, tmp_path: Path) -> Asking:
    return ask(database, tmp_path)


@pytest.fixture
def browser(asking: Asking) -> FlaskClient:
    return asking.app.test_client()


def path(asking: Asking) -> str:
    return asking.links.preferences_url(asking.message_id).removeprefix(asking.links.public_url)


def checked(page: TestResponse) -> set[str]:
    """The topics that the page shows as on."""
    return set(re.findall(r'name="topic" value="(\w+)" checked', page.get_data(as_text=True)))


def form(page: TestResponse) -> dict[str, list[str]]:
    """What the page would send if its reader pressed Save."""
    text = page.get_data(as_text=True)
    said = {"topic": sorted(checked(page)), "was": re.findall(r'name="was" value="(\w+)"', text)}
    return said | {"version": re.findall(r'name="version" value="(\w*)"', text)}


def chosen(page: TestResponse, *, without: Sequence[str] = (), more: Sequence[str] = ()) -> dict[str, list[str]]:
    """The form with some topics chosen otherwise."""
    said = form(page)
    return said | {"topic": [topic for topic in [*said["topic"], *more] if topic not in without]}


def suppressed(database: Database) -> dict[str, Suppression]:
    with database.reading() as session:
        return {row.topic: row for row in session.scalars(select(Suppression))}


def holds(database: Database) -> dict[str, str]:
    with database.reading() as session:
        words = words_on_mail(session, session.scalars(select(Contact.id)))
        return {word.topic: word.state for word in holding(words).values()}


def told(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Event.name).order_by(Event.id)))


def test_looking_changes_nothing_and_says_whose_preferences_they_are(asking: Asking, browser: FlaskClient) -> None:
    for _ in range(2):
        assert browser.head(path(asking)).status_code == 200
    answer = browser.get(path(asking))
    page = answer.get_data(as_text=True)

    assert "株式会社青葉 ai•••@customer.example 様の配信設定です" in page and "aiko@" not in page
    assert checked(answer) == ALWAYS_ON
    assert all(f'value="{topic}"' in page for topic in ONLY_WITH_A_YES)
    assert "停止できないご連絡" in page and "ご契約を守るために欠かせない" in page
    assert (answer.headers["Cache-Control"], answer.headers.get("Set-Cookie")) == ("no-store", None)
    assert "<script" not in page and "confirm" not in page
    assert (suppressed(asking.database), told(asking.database)) == ({}, [])


def test_what_is_turned_off_is_stopped_at_once_with_its_proof(asking: Asking, browser: FlaskClient) -> None:
    said = chosen(browser.get(path(asking)), without=["voice", "adoption"])
    for number in range(3):
        answer = browser.post(path(asking), data=said, headers={"User-Agent": "Browser 1"})
        assert answer.status_code == 200
        assert ("保存しました" in answer.get_data(as_text=True)) == (number == 0)
        assert checked(answer) == ALWAYS_ON - {"voice", "adoption"}
    row = suppressed(asking.database)["voice"]

    assert (row.reason, row.source, row.message, row.at) == ("unsubscribed", "preferences", asking.message_id, MONDAY)
    assert row.by and row.by.startswith("con_")
    assert row.proof == {"request": "POST /preferences", "agent": "Browser 1"}
    assert holds(asking.database) == {"voice": "withdrawn", "adoption": "withdrawn"}
    assert told(asking.database) == ["unsubscribed", "unsubscribed", "message.unsubscribed"]


def test_what_is_turned_on_is_a_yes_and_lifts_what_was_stopped(asking: Asking, browser: FlaskClient) -> None:
    browser.post(path(asking), data=chosen(browser.get(path(asking)), without=["voice"]))
    later(asking)
    said = chosen(browser.get(path(asking)), more=["voice", "advocacy"])
    for _ in range(2):
        assert checked(browser.post(path(asking), data=said)) == ALWAYS_ON | {"advocacy"}
    with asking.database.transaction() as session:
        digest(session, Library(), now=MONDAY)
    with asking.database.reading() as session:
        newest = session.scalars(select(ConsentRecord).order_by(ConsentRecord.id.desc())).first()

    assert (suppressed(asking.database), holds(asking.database)) == ({}, {"voice": "granted", "advocacy": "granted"})
    assert newest and (newest.source, newest.said_by, newest.address) == (
        "preferences", "customer", "aiko@customer.example",
    )  # fmt: skip


def test_stopping_everything_stops_what_is_declared_later_too(asking: Asking, browser: FlaskClient) -> None:
    for _ in range(2):
        answer = browser.post(path(asking), data=form(browser.get(path(asking))) | {"stop": "all"})
        assert answer.status_code == 200
    assert "停止できるメールをすべて停止しました" in answer.get_data(as_text=True)
    assert checked(answer) == set()
    assert suppressed(asking.database).keys() == ALWAYS_ON | ONLY_WITH_A_YES
    assert holds(asking.database) == {"*": "withdrawn"}

    later(asking)
    again = browser.post(path(asking), data=chosen(browser.get(path(asking)), more=["contract"]))
    assert checked(again) == {"contract"}


def test_a_form_from_before_begins_nothing_that_was_stopped_since(asking: Asking, browser: FlaskClient) -> None:
    old = browser.get(path(asking))
    browser.post(path(asking), data=chosen(old, without=["voice"]))
    later(asking)
    answer = browser.post(path(asking), data=chosen(old, without=["people"], more=["advocacy"]))

    assert "新たに受け取る指定は保存していません" in answer.get_data(as_text=True)
    assert checked(answer) == ALWAYS_ON - {"voice", "people"}
    assert holds(asking.database) == {"voice": "withdrawn", "people": "withdrawn"}


def test_where_others_got_a_copy_the_addressee_has_to_say_so(asking: Asking, browser: FlaskClient) -> None:
    asking.change(cc=[1])
    said = chosen(browser.get(path(asking)), without=["voice"])
    refused = browser.post(path(asking), data=said)

    assert (refused.status_code, suppressed(asking.database), told(asking.database)) == (400, {}, [])
    assert 'role="alert"' in refused.get_data(as_text=True)
    assert checked(refused) == ALWAYS_ON - {"voice"}  # what was chosen is still there
    assert browser.post(path(asking), data=said | {"own": "yes"}).status_code == 200
    assert set(suppressed(asking.database)) == {"voice"}


def test_a_copy_that_was_left_out_asks_nothing_of_the_addressee(asking: Asking, browser: FlaskClient) -> None:
    asking.change(cc=[1])
    with asking.database.transaction() as session:
        message_id = session.scalars(select(Message.id).where(Message.public_id == asking.message_id)).one()
        left_out = {"copies": [{"contact": "ben", "left_out": "opted_out"}]}
        session.add(GateCheck(message_id=message_id, at=MONDAY, phase="send", verdict="allow", inputs=left_out))
    assert browser.post(path(asking), data=chosen(browser.get(path(asking)), without=["voice"])).status_code == 200


@pytest.mark.parametrize(("reason", "words"), [("bounced", "以前のメールが届かなかった"), ("complained", "迷惑メール")])
def test_an_address_that_gets_no_mail_at_all_is_told_why_and_whom_to_ask(
    asking: Asking, browser: FlaskClient, reason: str, words: str
) -> None:
    with asking.database.transaction() as session:
        key = "aiko@customer.example"
        session.add(Suppression(address_key=key, topic="*", reason=reason, source="sendgrid", at=MONDAY))
    for answer in (browser.get(path(asking)), browser.post(path(asking), data={"topic": "advocacy"})):
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200
        assert words in page and "success@aoba-works.example" in page and "<form" not in page
    assert holds(asking.database) == {}


def test_a_mail_that_has_not_been_sent_changes_nothing(asking: Asking, browser: FlaskClient) -> None:
    asking.change(state="proposed", accepted_at=None, ended_at=None)

    assert browser.get(path(asking)).status_code == 409
    assert browser.post(path(asking), data={"stop": "all"}).status_code == 409
    assert suppressed(asking.database) == {}


def test_a_shared_box_is_told_that_a_change_is_for_all(database: Database, tmp_path: Path) -> None:
    asking = ask(database, tmp_path, locale="en")
    with database.transaction() as session:
        session.query(Contact).one().is_shared_box = True

    page = asking.app.test_client().get(path(asking)).get_data(as_text=True)
    assert "Aoba Ltd., ai•••@customer.example, which is shared: a change is for all" in page


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_forged_link_is_refused(asking: Asking, browser: FlaskClient, method: str) -> None:
    unsubscribe = asking.links.unsubscribe_url(asking.message_id).rpartition("/")[2]
    for token in (path(asking)[:-2].rpartition("/")[2], "x", unsubscribe):
        assert getattr(browser, method)(f"/preferences/{token}").status_code == 404
    assert suppressed(asking.database) == {}


def later(asking: Asking) -> None:
    """A minute passes: at the same instant a no would stand after a yes."""
    asking.clock.move(timedelta(minutes=1))
