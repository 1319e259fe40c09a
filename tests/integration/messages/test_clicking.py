"""Click links in a browser: they lead to the page of their mail and nowhere else, and each fetch is noted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from engage.customers.tables import Contact
from engage.db.session import Database
from engage.messages.clicking import network_of
from engage.messages.drafting import draft
from engage.messages.links import Links
from engage.messages.tables import Click, Message
from engage.releases.library import Library
from engage.releases.tables import TemplateVersion
from engage.testing import MONDAY, FrozenClock
from engage.web.errors import handle_errors
from engage.web.headers import harden
from engage.web.public.blueprint import public_pages
from tests.integration.messages.scene import LINKS, Cast, change, events, play
from tests.support.site import installation

PAGE = "https://app.sample.example/next?from=mail"


@pytest.fixture
def cast(database: Database) -> Cast:
    return play(database)


def browser(database: Database, home: Path, **settings: Any) -> FlaskClient:
    engage = installation(database, FrozenClock(), home, **({"secret_key": "secret"} | settings))
    app = Flask("public", static_folder=None)
    harden(app, https=False)
    handle_errors(app)
    app.register_blueprint(public_pages(engage))
    return app.test_client()


def mailed(database: Database, cast: Cast, **said: object) -> str:
    with database.transaction() as session:
        (message_id,) = draft(session, Library(), [cast.order(**said)], now=MONDAY)
        return session.get_one(Message, message_id).public_id


def path_to(message: str, page: str = PAGE, links: Links = LINKS) -> str:
    return links.click_url(message, page).removeprefix(LINKS.public_url)


def clicks(database: Database) -> list[tuple[str, str, str | None, str | None]]:
    with database.reading() as session:
        rows = session.scalars(select(Click).order_by(Click.id))
        return [(row.url, row.method, row.user_agent, row.network) for row in rows]


def test_a_click_is_noted_and_leads_to_the_page_of_the_mail(database: Database, cast: Cast, tmp_path: Path) -> None:
    path, reader = path_to(mailed(database, cast)), browser(database, tmp_path)
    agent, at = "Scanner " + "x" * 500, {"REMOTE_ADDR": "203.0.113.7"}
    mutated = path + "?utm_source=x&url=https://evil.example/"
    answer = reader.get(mutated, headers={"User-Agent": agent}, environ_base=at)
    reader.head(path, headers={"User-Agent": "Checker/1.0"}, environ_base={"REMOTE_ADDR": "2001:db8:12:34::5"})

    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert clicks(database) == [
        (PAGE, "GET", agent[:300], "203.0.113.0/24"),
        (PAGE, "HEAD", "Checker/1.0", "2001:db8:12::/48"),
    ]
    assert events(database) == []


def test_a_link_leads_to_no_page_that_its_mail_does_not_have(database: Database, cast: Cast, tmp_path: Path) -> None:
    mail, reader = mailed(database, cast), browser(database, tmp_path)
    other = Links("another secret", LINKS.public_url)
    refused = [
        path_to(mail, "https://evil.example/"),  # even where somebody had our key
        path_to(mail, links=other),
        path_to("msg_1"),
        path_to(mail)[:-3],
        "/click/aHR0cHM6Ly9ldmlsLmV4YW1wbGU",
        "/click/x",
    ]
    answers = [reader.get(path, headers={"Accept-Language": "en"}) for path in refused]

    assert [(answer.status_code, answer.headers.get("Location")) for answer in answers] == [(404, None)] * 6
    assert "This link does not work" in answers[0].get_data(as_text=True)
    assert clicks(database) == []


def test_links_of_before_and_under_a_former_secret_still_lead_there(
    database: Database, cast: Cast, tmp_path: Path
) -> None:
    mail = mailed(database, cast)
    rotated = browser(database, tmp_path, secret_key="new", former_secret_keys=("secret",))
    for way in list(LINKS.as_before(LINKS.public_url))[:2]:
        assert rotated.get(path_to(mail, links=way)).headers["Location"] == PAGE
    assert len(clicks(database)) == 2


def test_a_link_made_of_facts_is_found_again(database: Database, cast: Cast, tmp_path: Path) -> None:
    with database.transaction() as session:
        html = '<a href="https://x.example/{{ account.name }}?u={{ usage.events }}&amp;v=1">A</a>'
        session.execute(update(TemplateVersion).values(html=html))
    path = path_to(mailed(database, cast), "https://x.example/株式会社青葉?u=5&v=1")

    assert browser(database, tmp_path).get(path).headers["Location"] == (
        "https://x.example/%E6%A0%AA%E5%BC%8F%E4%BC%9A%E7%A4%BE%E9%9D%92%E8%91%89?u=5&v=1"
    )


def test_a_link_outlives_the_facts_of_its_mail(database: Database, cast: Cast, tmp_path: Path) -> None:
    path = path_to(mailed(database, cast))
    with database.transaction() as session:
        session.execute(update(Message).values(inputs={}))

    assert browser(database, tmp_path).get(path).headers["Location"] == PAGE


def test_whoever_wants_no_tracking_gets_to_the_page_and_leaves_nothing(
    database: Database, cast: Cast, tmp_path: Path
) -> None:
    path = path_to(mailed(database, cast))
    browser(database, tmp_path, click_tracking=False).get(path)
    change(database, Contact, cast.aiko, traits={"no_tracking": True})
    answer = browser(database, tmp_path).get(path)

    assert answer.headers["Location"] == PAGE
    assert clicks(database) == []


def test_while_the_store_is_away_the_reader_is_asked_to_come_back(tmp_path: Path) -> None:
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    reader = browser(database, tmp_path)
    answer = reader.get(path_to("msg_1"))
    of_before = reader.get(path_to("msg_1", links=list(LINKS.as_before(LINKS.public_url))[1]))
    database.close()

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "しばらくしてから" in answer.get_data(as_text=True)
    assert of_before.headers["Location"] == PAGE


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", None),
        ("10.1.2.3", None),
        ("127.0.0.1", None),
        ("unix:", None),
        (None, None),
    ],
)
def test_of_an_address_only_the_network_is_kept(address: str | None, network: str | None) -> None:
    assert network_of(address) == network
