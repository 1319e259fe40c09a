"""The in-app API: who may read an inbox, what it shows, and states that are set once."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engage.channels.in_app.states import OF_READERS
from engage.channels.in_app.tables import InAppItem
from engage.db.session import Database
from engage.events.tables import Event
from engage.messages.tables import Message
from engage.testing import MONDAY, FrozenClock, make_account, make_contact
from tests.support.site import installation, make_in_app_key, make_item, make_token, site

FEED = "/in-app/v1/feed"


class Inbox:
    """A browser of one user."""

    def __init__(self, database: Database, home: Path, **settings: Any) -> None:
        self.database, self.clock, self.home = database, FrozenClock(), home
        self.client = site(installation(database, self.clock, home, **settings)).test_client()
        self.token = make_token("aiko", MONDAY)

    def get(self, path: str = FEED, **headers: str) -> Any:
        return self.client.get(path, headers={"Authorization": f"Bearer {self.token}", **headers})

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(f"/in-app/v1/{path}", json=body, headers={"Authorization": f"Bearer {self.token}"})

    def item_ids(self) -> list[str]:
        return [item["id"] for item in self.get().json["items"]]

    def told(self) -> list[str]:
        """What was told of what its reader did."""
        with self.database.reading() as session:
            names = session.scalars(select(Event.name).order_by(Event.id)).all()
        return [name for name in names if name.startswith("in_app.")]


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
    assert feed["poll_after"] == 30 and feed["next_cursor"] is None and feed["stream"] is None


def test_pages_follow_the_cursor(inbox: Inbox) -> None:
    first = inbox.get(f"{FEED}?limit=2").json
    second = inbox.get(f"{FEED}?limit=2&cursor={first['next_cursor']}").json

    assert [item["title"] for item in second["items"]] == ["お知らせ0"]
    assert second["next_cursor"] is None and second["counts"] == first["counts"]
    assert inbox.get(f"{FEED}?cursor=itm_nothing").json["items"] == []


@pytest.mark.parametrize(
    ("state", "set_too"),
    [
        ("seen", []),
        ("read", ["seen"]),
        ("clicked", ["seen", "read"]),
        ("dismissed", ["seen"]),
        ("archived", ["seen"]),
    ],
)
def test_a_state_is_set_once_with_all_it_implies(inbox: Inbox, state: str, set_too: list[str]) -> None:
    item_id = inbox.item_ids()[0]
    assert inbox.post(f"items/{item_id}/{state}").status_code == 200
    inbox.clock.move(timedelta(minutes=5))
    assert inbox.post(f"items/{item_id}/{state}").status_code == 200

    with inbox.database.reading() as session:
        item = session.scalars(select(InAppItem).where(InAppItem.public_id == item_id)).one()
    kept = {name for name in OF_READERS if getattr(item, f"{name}_at")}
    assert kept == {state, *set_too}
    assert {getattr(item, f"{name}_at") for name in kept} == {MONDAY}
    assert inbox.told() == [f"in_app.{name}" for name in (*set_too, state)]


def test_an_event_about_an_item_names_its_message_and_account(inbox: Inbox) -> None:
    inbox.post(f"items/{inbox.item_ids()[0]}/clicked")

    with inbox.database.reading() as session:
        event = session.scalars(select(Event).where(Event.name == "in_app.clicked")).one()
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
        (make_token("a\0b", MONDAY), "bad_token"),
        (make_token("aiko", MONDAY, exp=float("nan")), "bad_token"),
        (make_token("aiko", MONDAY, iat=float("-inf")), "bad_token"),
        (make_token("aiko", MONDAY, exp="soon"), "bad_token"),
        (make_token("aiko", MONDAY, kid="鍵"), "bad_token"),
    ],
)
def test_a_token_that_is_not_right_opens_nothing_and_says_why(inbox: Inbox, token: str, code: str) -> None:
    inbox.token = token
    answer = inbox.get()

    assert (answer.status_code, answer.json["error"]["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"] == "Bearer" and answer.headers["Access-Control-Allow-Origin"] == "*"


def test_what_was_archived_is_found_again_where_it_was_put(inbox: Inbox) -> None:
    put_away = inbox.item_ids()[0]
    inbox.post("items/archived", {"ids": [put_away]})

    assert put_away not in inbox.item_ids()
    assert [item["id"] for item in inbox.get(f"{FEED}?archived=1").json["items"]] == [put_away]
    assert inbox.get().json["counts"] == {"unseen": 2, "unread": 2}


def test_a_message_is_delivered_when_a_browser_first_fetches_it(inbox: Inbox) -> None:
    with inbox.database.reading() as session:
        assert session.scalars(select(Message.delivery).distinct()).all() == ["none"]
    inbox.get(), inbox.get()

    with inbox.database.reading() as session:
        mine = session.scalars(select(Message.delivery).where(Message.contact_id == 1)).all()
        told = session.scalars(select(Event.name).where(Event.name == "message.delivered")).all()
    assert set(mine) == {"delivered"} and len(told) == 3


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "bad_limit"), ("limit=101", "bad_limit"), ("limit=ten", "bad_limit"), ("limit=٣", "bad_limit"),
        ("cursor=a%00b", "bad_cursor"), ("cursor=%ED%A0%80", "bad_cursor"), ("session=short", "bad_session"),
        ("session=" + "x" * 65, "bad_session"), ("session=%00%00%00%00%00%00%00%00", "bad_session"),
    ],
)  # fmt: skip
def test_a_question_that_is_none_is_refused_with_the_way_out(inbox: Inbox, query: str, code: str) -> None:
    answer = inbox.get(f"{FEED}?{query}")

    assert (answer.status_code, answer.json["error"]["code"]) == (400, code)


def test_ids_that_no_item_can_have_are_nobodys(inbox: Inbox) -> None:
    assert inbox.post("items/seen", {"ids": ["\ud800", "a\0b", ""]}).json == {"marked": 0}
    assert inbox.post("items/a%00b/read").status_code == 404


def test_a_body_that_is_too_large_is_not_read(inbox: Inbox) -> None:
    answer = inbox.post("items/seen", {"ids": ["x" * 30_000]})

    assert answer.status_code == 413 and answer.json["error"]["code"] == "request_entity_too_large"


def test_browsers_of_every_origin_may_ask_without_cookies_where_none_is_named(inbox: Inbox) -> None:
    answer = inbox.client.options(FEED, headers={"Origin": "https://anything.example"})

    assert answer.status_code == 204 and answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_where_origins_are_named_no_other_page_may_ask(inbox: Inbox) -> None:
    closed = Inbox(inbox.database, inbox.home, in_app_origins=("https://app.example.com",))
    ours = closed.get(Origin="https://app.example.com")
    theirs = closed.get(Origin="https://app.example.com.evil.example")
    asked = closed.client.options(FEED, headers={"Origin": "https://evil.example"})

    assert ours.status_code == 200 and ours.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert {"Origin", "Authorization"} <= set(ours.vary)
    assert (theirs.status_code, theirs.json["error"]["code"]) == (403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in theirs.headers and asked.status_code == 403
    assert closed.get().status_code == 200, "who sends no origin is no page: a backend may ask"
    script = closed.client.get("/in-app/engage-inbox.js", headers={"Origin": "https://evil.example"})
    assert script.headers["Access-Control-Allow-Origin"] == "*"


def test_the_component_is_small_and_open_to_everybody(inbox: Inbox) -> None:
    sizes = {}
    for part in ("inbox", "panel", "overlay", "question"):
        plain = inbox.client.get(f"/in-app/engage-{part}.js")
        packed = inbox.client.get(f"/in-app/engage-{part}.js", headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(packed.data) == plain.data and packed.headers["ETag"] != plain.headers["ETag"]
        assert plain.mimetype == "text/javascript" and plain.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert not any(word in plain.data for word in (b"innerHTML", b"outerHTML", b"insertAdjacentHTML", b"eval("))
        sizes[part] = len(plain.data), len(packed.data)

    assert sizes["inbox"][0] <= 12 * 1024, "as it is served to who takes it unpacked"
    assert sum(packed for _, packed in sizes.values()) <= 12 * 1024, "with every part that it may load, as it is served"
