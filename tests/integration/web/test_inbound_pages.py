"""The console's pages about mail that came in and about one customer, as a browser meets them."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from engage.db.session import Database
from engage.staff import sessions
from engage.tasks.tables import Task
from tests.integration.messages.inbound.office import Office, answer_to
from tests.integration.messages.inbound.test_automatic_replies import AUTO, LEFT
from tests.support.letters import letter
from tests.support.site import installation, site


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office(database, tmp_path / "team")


@pytest.fixture
def client(office: Office, tmp_path: Path) -> FlaskClient:
    browser = site(installation(office.database, office.clock, tmp_path)).test_client()
    with office.database.transaction() as session:
        token = sessions.log_in(session, office.sato.id, old_token=None, now=office.now)
    browser.set_cookie("engage", token)
    browser.set_cookie("engage_locale", "en")
    return browser


def submit(client: FlaskClient, page: str, action: str, **fields: Any) -> Any:
    """Sends a form of a page with its hidden fields."""
    shown = client.get(page).text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
    return client.post(action, data={**hidden, **fields})


def test_a_reply_is_listed_read_and_reached_from_its_task(office: Office, client: FlaskClient) -> None:
    text = '<b>Yes</b> & "please"\nNext month.'
    office.arrives(answer_to(office.start(), text, subject="Re: <Renewal>"), letter("x", sender="s@nowhere.example"))
    mail = office.rows(Task)[0].key.split(":")[1]

    assert "Re: &lt;Renewal&gt;" in client.get("/console/inbound").text
    assert "s@nowhere.example" not in client.get("/console/inbound").text
    assert "s@nowhere.example" in client.get("/console/inbound?show=unmatched").text
    page = client.get(f"/console/inbound/{mail}").text
    assert text in unescape(page) and "<b>Yes</b>" not in page
    assert f"/console/inbound/{mail}" in client.get("/console/tasks").text
    assert client.get("/console/inbound/inb_none").status_code == 404


def test_a_departure_is_confirmed_on_its_page_once(office: Office, client: FlaskClient) -> None:
    office.arrives(answer_to(office.start(), LEFT, **AUTO))
    page = f"/console/inbound/{office.mail().public_id}"
    shown = client.get(page).text
    assert 'value="森 健"' in shown and 'value="mori@customer.example"' in shown and "checked" in shown

    wrong = submit(client, page, f"{page}/confirm", left="yes", successor_address="nonsense")
    assert (wrong.status_code, "Please check the address" in wrong.text) == (400, True)
    done = submit(client, page, f"{page}/confirm", left="yes", successor_address="mori@customer.example")
    assert done.status_code == 303
    office.run()
    assert [len(office.events(name)) for name in ("contact.left", "contact.appointed")] == [1, 1]
    again = submit(client, page, f"{page}/confirm", left="yes")
    assert (again.status_code, "Somebody has decided this already" in again.text) == (409, True)
    assert "Confirmed by sato@engage.example" in client.get(page).text
    assert client.get("/console/inbound?show=undecided").text.count("inb_") == 0


def test_a_departure_is_dismissed_on_its_page(office: Office, client: FlaskClient) -> None:
    office.arrives(answer_to(office.start(), LEFT, **AUTO))
    page = f"/console/inbound/{office.mail().public_id}"
    assert submit(client, page, f"{page}/dismiss").status_code == 303
    assert office.mail().decision == "dismissed"
    assert submit(client, page, f"{page}/dismiss").status_code == 409


def test_a_call_is_logged_once_and_stands_in_the_history_with_all_else(office: Office, client: FlaskClient) -> None:
    office.arrives(answer_to(office.start(), "Yes, please."))
    page = "/console/customers/acme"
    call = {"kind": "call", "contact": "ann", "note": "Spoke about seats.", "at": "2026-11-16T09:30", "key": "same"}
    assert [submit(client, page, f"{page}/touches", **call).status_code for _ in range(2)] == [303, 303]
    office.run()
    (event,) = office.events("touch.logged")
    assert (event.contact_id, event.properties["by"], event.occurred_at.hour) == (
        office.ann.id,
        "sato@engage.example",
        0,
    )
    shown = client.get(page).text
    assert shown.index("Yes, please.") < shown.index("greeting/hello") < shown.index("Spoke about seats.")
    assert "/console/customers/acme" in client.get("/console/tasks").text


@pytest.mark.parametrize(
    "wrong", [{"at": "tomorrow"}, {"at": "2027-01-01T00:00"}, {"kind": "pigeon"}, {"contact": "zoe"}]
)
def test_a_touch_that_cannot_be_logged_keeps_what_was_typed(
    office: Office, client: FlaskClient, wrong: dict[str, str]
) -> None:
    page = "/console/customers/acme"
    said = {"kind": "visit", "note": "Kept words", "at": "2026-11-16T09:30"} | wrong
    answer = submit(client, page, f"{page}/touches", **said)
    assert (answer.status_code, "Kept words" in answer.text) == (400, True)
    assert office.events("touch.logged") == []
    assert client.get("/console/customers/nobody").status_code == 404
