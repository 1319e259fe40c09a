"""An unchanged inbox: 304 for one statement, until something is done to it or time does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select

from engage.channels.in_app.tables import InAppItem
from engage.customers.tables import Contact
from engage.db.session import Database
from engage.messages.tables import Message
from engage.testing import make_account, make_contact
from tests.integration.in_app.test_feed_api import FEED, Inbox
from tests.support.site import make_in_app_key, make_item, make_token

VISIT = "session=visit-number-1"


@pytest.fixture
def inbox(database: Database, tmp_path: Path) -> Inbox:
    """Aiko's inbox with one message of the list that a browser has fetched, and a banner that ends in five minutes."""
    with database.transaction() as session:
        account = make_account(session)
        make_in_app_key(session)
        aiko = make_contact(session, account, "aiko")
        make_contact(session, account, "ben")
        inbox = Inbox(database, tmp_path)
        now = inbox.clock.now()
        make_item(session, aiko, "お知らせ")
        make_item(session, aiko, "工事のご案内", display="banner", expires_at=now + timedelta(minutes=5))
    return inbox


def post_to(inbox: Inbox, user: str) -> None:
    with inbox.database.transaction() as session:
        who = session.scalars(select(Contact).where(Contact.external_id == user)).one()
        make_item(session, who, "もう一通")


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def test_nothing_new_costs_one_statement_and_says_when_to_ask_again(inbox: Inbox) -> None:
    tag = inbox.get().headers["ETag"]
    with statements(inbox.database) as said:
        answer = inbox.get(**{"If-None-Match": tag})

    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
    assert answer.headers["X-Engage-Poll-After"] == "30"
    assert len([one for one in said if not one.startswith("BEGIN")]) == 1


@pytest.mark.parametrize(
    ("happens", "status"),
    [
        (lambda inbox: post_to(inbox, "aiko"), 200),
        (lambda inbox: post_to(inbox, "ben"), 304),
        (lambda inbox: inbox.post(f"items/{inbox.item_ids()[0]}/read"), 200),
        (lambda inbox: inbox.post("items/seen", {"ids": ["itm_nothing"]}), 304),
        (lambda inbox: inbox.clock.move(timedelta(minutes=4)), 304),
        (lambda inbox: inbox.clock.move(timedelta(minutes=6)), 200),  # the banner has expired; nobody wrote that yet
    ],
    ids=["a new one", "another's", "read", "nothing", "minutes", "expiry"],
)
def test_what_changes_an_inbox_is_seen_at_once(inbox: Inbox, happens: Callable[[Inbox], Any], status: int) -> None:
    tag = inbox.get(f"{FEED}?{VISIT}").headers["ETag"]
    happens(inbox)
    inbox.token = make_token("aiko", inbox.clock.now())

    assert inbox.get(f"{FEED}?{VISIT}", **{"If-None-Match": tag}).status_code == status


def test_what_only_might_have_changed_is_looked_at_and_not_sent_again(inbox: Inbox) -> None:
    tag = inbox.get().headers["ETag"]
    inbox.clock.move(timedelta(minutes=11))
    inbox.token = make_token("aiko", inbox.clock.now())
    again = inbox.get(**{"If-None-Match": tag})

    assert again.status_code == 304 and again.headers["ETag"] != tag
    with statements(inbox.database) as said:
        assert inbox.get(**{"If-None-Match": again.headers["ETag"]}).status_code == 304
    assert len([one for one in said if not one.startswith("BEGIN")]) == 1


@pytest.mark.parametrize("tag", ["*", '"x"', 'W/"9.9.zz.zz"', 'W/"0.99999999999.00000000.0000000000000000"', "é"])
def test_a_tag_that_is_not_ours_misleads_nobody(inbox: Inbox, tag: str) -> None:
    assert inbox.get(**{"If-None-Match": tag}).status_code == 200


def test_another_question_has_another_tag(inbox: Inbox) -> None:
    tag = inbox.get().headers["ETag"]

    assert inbox.get(f"{FEED}?archived=1", **{"If-None-Match": tag}).status_code == 200
    assert inbox.get(f"{FEED}?{VISIT}", **{"If-None-Match": tag}).status_code == 200


def test_an_inbox_of_ten_thousand_is_read_by_the_page(inbox: Inbox) -> None:
    with inbox.database.transaction() as session:
        kept = session.scalars(select(InAppItem).where(InAppItem.display == "feed")).one()
        one = {name: getattr(kept, name) for name in ("contact_id", "locale", "title", "body", "created_at")}
        message = {name: value for name, value in _message_of(session).items() if name not in ("id", "public_id")}
        _ten_thousand(session, one, message)
    feed = inbox.get(f"{FEED}?limit=100").json

    assert len(feed["items"]) == 100 and feed["counts"]["unread"] == 10_001
    second = inbox.get(f"{FEED}?limit=100&cursor={feed['next_cursor']}").json
    assert {item["id"] for item in second["items"]}.isdisjoint(item["id"] for item in feed["items"])
    assert (
        inbox.get(f"{FEED}?limit=100", **{"If-None-Match": inbox.get(f"{FEED}?limit=100").headers["ETag"]}).status_code
        == 304
    )


def _message_of(session: Any) -> dict[str, Any]:
    found = session.execute(select(Message.__table__)).mappings().first()
    return dict(found)


def _ten_thousand(session: Any, item: dict[str, Any], message: dict[str, Any]) -> None:
    first = 100
    numbers = range(first, first + 10_000)
    session.execute(insert(Message), [{**message, "id": n, "public_id": f"msg_{n}", "origin_id": n} for n in numbers])
    usual = {"display": "feed", "priority": "normal", "frequency": "until_dismissed", "pages": []}
    session.execute(insert(InAppItem), [{**item, **usual, "message_id": n, "public_id": f"itm_{n}"} for n in numbers])
