"""The in-app API: who may read an inbox, what it shows, and states that are set once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engage.channels.in_app.tables import InAppItem
from engage.db.session import Database
from engage.events.tables import Event
from engage.testing import MONDAY, FrozenClock, make_account, make_contact
from tests.support.site import installation, make_in_app_key, make_item, make_token, site

FEED = "/in-app/v1/feed"


class Inbox:
    """A browser of one user."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database, self.clock = database, FrozenClock()
        self.client = site(installation(database, self.clock, home)).test_client()
        self.token = make_token("aiko", MONDAY)

    def get(self, path: str = FEED, **headers: str) -> Any:
        return self.client.get(path, headers={"Authorization": f"Bearer {self.token}", **headers})

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(f"/in-app/v1/{path}", json=body, headers={"Authorization": f"Bearer {self.token}"})

    def item_ids(self) -> list[str]:
        return [item["id"] for item in self.get().json["items"]]

    def events(self) -> list[str]:
        with self.database.reading() as session:
            return list(session.scalars(select(Event.name).order_by(Event.id)))


@pytest.fixture
def inbox(database: Database, tmp_path: Path) -> Inbox:
    """Aiko's inbox with three messages, and one of Ben's."""
    with database.transaction() as session:
        account = make_account(session)
        make_in_app_key(session)
        make_in_app_key(session, "old", revoked_at=MONDAY)
        aiko, ben = make_contact(session, account, "aiko"), make_contact(session, account, "ben")
        for number in range(3):
            make_item(session, aiko, f"お知らせ{number}", account_id=account.id, link="https://app.example.com/")
        make_item(session, ben, "ベンへ")
    return Inbox(database, tmp_path)


def test_the_feed_shows_the_readers_own_messages_newest_first(inbox: Inbox) -> None:
    feed = inbox.get().json

    assert [item["title"] for item in feed["items"]] == ["お知らせ2", "お知らせ1", "お知らせ0"]
    assert feed["counts"] == {"unseen": 3, "unread": 3}
    assert feed["items"][0]["link"] == {"url": "https://app.example.com/"}
    assert feed["poll_after"] == 30 and feed["next_cursor"] is None


def test_pages_follow_the_cursor(inbox: Inbox) -> None:
    first = inbox.get(f"{FEED}?limit=2").json
    second = inbox.get(f"{FEED}?limit=2&cursor={first['next_cursor']}").json

    assert [item["title"] for item in second["items"]] == ["お知らせ0"]
    assert second["next_cursor"] is None and second["counts"] == first["counts"]
    assert inbox.get(f"{FEED}?cursor=itm_nothing").json["items"] == []


def test_an_unchanged_feed_is_304_until_something_changes(inbox: Inbox) -> None:
    tag = inbox.get().headers["ETag"]

    assert inbox.get(**{"If-None-Match": tag}).status_code == 304

    inbox.post(f"items/{inbox.item_ids()[0]}/read")

    assert inbox.get(**{"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("state", "set_too"), [("seen", []), ("read", ["seen"]), ("clicked", ["read", "seen"]), ("dismissed", ["seen"])]
)
def test_a_state_is_set_once_with_all_it_implies(inbox: Inbox, state: str, set_too: list[str]) -> None:
    item_id = inbox.item_ids()[0]
    assert inbox.post(f"items/{item_id}/{state}").status_code == 200
    inbox.clock.move(timedelta(minutes=5))
    assert inbox.post(f"items/{item_id}/{state}").status_code == 200

    with inbox.database.reading() as session:
        item = session.scalars(select(InAppItem).where(InAppItem.public_id == item_id)).one()
    kept = {name for name in ("seen", "read", "clicked", "dismissed") if getattr(item, f"{name}_at")}
    assert kept == {state, *set_too}
    assert getattr(item, f"{state}_at") == MONDAY
    assert inbox.events() == [f"in_app.{state}"]


def test_an_event_about_an_item_names_its_message_and_account(inbox: Inbox) -> None:
    inbox.post(f"items/{inbox.item_ids()[0]}/clicked")

    with inbox.database.reading() as session:
        event = session.scalars(select(Event)).one()
    assert event.account_id is not None and event.contact_id is not None
    assert set(event.properties) == {"message_id", "origin", "origin_id", "step_id", "visit"}


def test_a_dismissed_or_expired_message_leaves_the_feed_and_the_counts(inbox: Inbox) -> None:
    inbox.post(f"items/{inbox.item_ids()[0]}/dismissed")
    assert inbox.get().json["counts"] == {"unseen": 2, "unread": 2}

    inbox.clock.move(timedelta(days=91))
    inbox.token = make_token("aiko", inbox.clock.now())
    assert inbox.get().json["items"] == []


def test_many_are_marked_at_once_but_only_ones_own(inbox: Inbox) -> None:
    with inbox.database.reading() as session:
        everyones = list(session.scalars(select(InAppItem.public_id)))

    assert inbox.post("items/seen", {"ids": everyones}).json == {"marked": 3}
    assert inbox.get().json["counts"] == {"unseen": 0, "unread": 3}
    assert inbox.post("items/read", {"ids": everyones}).json == {"marked": 3}

    with inbox.database.reading() as session:
        assert session.scalars(select(InAppItem).where(InAppItem.title == "ベンへ")).one().seen_at is None


def test_another_readers_item_is_not_found(inbox: Inbox) -> None:
    with inbox.database.reading() as session:
        bens = session.scalars(select(InAppItem.public_id).where(InAppItem.title == "ベンへ")).one()

    assert inbox.post(f"items/{bens}/read").status_code == 404
    assert inbox.post("items/itm_nothing/read").status_code == 404
    assert inbox.post("items/itm_nothing/eaten").status_code == 404


@pytest.mark.parametrize("body", [None, [], {"ids": "x"}, {"ids": [1]}, {"ids": ["x"] * 101}])
def test_a_body_without_ids_is_refused_with_the_way_out(inbox: Inbox, body: Any) -> None:
    answer = inbox.post("items/seen", body)

    assert answer.status_code == 400 and answer.json["error"]["code"] == "bad_body"


def test_a_user_nobody_has_met_has_an_empty_inbox(inbox: Inbox) -> None:
    inbox.token = make_token("somebody-new", MONDAY)

    assert inbox.get().json["items"] == []
    assert inbox.post("items/seen", {"ids": ["x"]}).json == {"marked": 0}


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "no_token"),
        ("not-a-jwt", "bad_token"),
        (make_token("aiko", MONDAY, kid="unknown"), "unknown_key"),
        (make_token("aiko", MONDAY, kid="old"), "unknown_key"),
        (make_token("aiko", MONDAY, secret="forged" * 6), "bad_token"),
        (make_token("aiko", MONDAY, aud="another"), "bad_token"),
        (make_token("aiko", MONDAY, exp=None), "bad_token"),
        (make_token("aiko", MONDAY, iat=None), "bad_token"),
        (make_token("aiko", MONDAY, exp=int(MONDAY.timestamp()) + 3601), "bad_token"),
        (make_token("aiko", MONDAY - timedelta(minutes=12)), "token_expired"),
        (make_token("aiko", MONDAY + timedelta(minutes=5)), "bad_token"),
        (make_token("", MONDAY), "bad_token"),
    ],
)
def test_a_token_that_is_not_right_opens_nothing_and_says_why(inbox: Inbox, token: str, code: str) -> None:
    inbox.token = token
    answer = inbox.get()

    assert (answer.status_code, answer.json["error"]["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"] == "Bearer" and answer.headers["Access-Control-Allow-Origin"] == "*"


def test_browsers_of_every_origin_may_ask_without_cookies(inbox: Inbox) -> None:
    answer = inbox.client.options(FEED)

    assert answer.status_code == 204
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_the_component_is_small_and_open_to_everybody(inbox: Inbox) -> None:
    answer = inbox.client.get("/in-app/engage-inbox.js")

    assert answer.mimetype == "text/javascript" and len(answer.data) <= 12 * 1024
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert b"innerHTML" not in answer.data
