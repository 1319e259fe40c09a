"""Banners and modals: what a session may be shown, kept on the server and not in browsers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engage.channels.in_app.displays import QUIET_FOR
from engage.channels.in_app.merging import give_inbox
from engage.channels.in_app.tables import InAppDisplay, InAppItem
from engage.customers.tables import Contact
from engage.db.session import Database
from engage.messages.reactions import expire_items, react, show_over_page
from engage.testing import make_account, make_contact
from tests.integration.in_app.test_feed_api import FEED, Inbox
from tests.support.site import make_in_app_key, make_item, make_token

FIRST, SECOND = "first-visit-of-her", "second-visit-of-her"


class Shown(Inbox):
    """What Aiko is shown over the pages of the product."""

    def put(self, title: str, display: str = "banner", **said: Any) -> None:
        with self.database.transaction() as session:
            aiko = session.scalars(select(Contact).where(Contact.external_id == "aiko")).one()
            make_item(session, aiko, title, display=display, now=self.clock.now(), **said)

    def offered(self, visit: str = FIRST) -> list[str]:
        self.token = make_token("aiko", self.clock.now())
        return [item["title"] for item in self.get(f"{FEED}?session={visit}").json["overlays"]]

    def show(self, title: str, visit: str = FIRST) -> Any:
        return self.ask(title, f"displayed?session={visit}").json["show"]

    def close(self, title: str, visit: str = FIRST) -> None:
        assert self.ask(title, f"dismissed?session={visit}").status_code == 200

    def ask(self, title: str, path: str) -> Any:
        with self.database.reading() as session:
            item_id = session.scalars(select(InAppItem.public_id).where(InAppItem.title == title)).one()
        return self.post(f"items/{item_id}/{path}")

    def later(self, **by: float) -> None:
        self.clock.move(timedelta(**by))
        self.token = make_token("aiko", self.clock.now())


@pytest.fixture
def shown(database: Database, tmp_path: Path) -> Shown:
    with database.transaction() as session:
        account = make_account(session)
        make_in_app_key(session)
        make_contact(session, account, "aiko")
        make_contact(session, account, "ben")
    return Shown(database, tmp_path)


def test_the_most_important_comes_first_and_none_of_them_is_in_the_list(shown: Shown) -> None:
    for title, priority in (("低", "low"), ("高", "high"), ("中", "normal"), ("中、新しい", "normal")):
        shown.put(title, priority=priority, pages=("/billing/*",))

    assert shown.offered() == ["高", "中、新しい", "中", "低"]
    feed = shown.get(f"{FEED}?session={FIRST}").json
    assert feed["items"] == [] and feed["counts"] == {"unseen": 0, "unread": 0}
    assert feed["overlays"][0] | {"id": "", "created_at": "", "expires_at": ""} == {
        "id": "", "title": "高", "body": "高の本文", "link": None, "locale": "ja", "priority": "high", "created_at": "",
        "expires_at": "", "seen_at": None, "read_at": None, "clicked_at": None, "archived_at": None, "question": None,
        "display": "banner", "pages": ["/billing/*"], "frequency": "until_dismissed",
    }  # fmt: skip
    assert shown.get().json["overlays"] == [], "who names no session is shown nothing over a page"


def test_once_is_one_showing_in_any_session(shown: Shown) -> None:
    shown.put("一度だけ", frequency="once")
    assert shown.show("一度だけ") is True

    assert shown.show("一度だけ") is False and shown.offered() == []
    assert shown.show("一度だけ", SECOND) is False and shown.offered(SECOND) == []


def test_until_dismissed_comes_in_every_session_until_it_was_closed_or_followed(shown: Shown) -> None:
    shown.put("お試しください"), shown.put("続きはこちら")
    for title in ("お試しください", "続きはこちら"):
        assert shown.show(title) and shown.show(title) and shown.show(title, SECOND)
    shown.close("お試しください")
    shown.ask("続きはこちら", "clicked")

    assert shown.offered() == [] and shown.offered(SECOND) == []
    assert shown.show("お試しください", SECOND) is False


def test_always_comes_again_in_the_next_session_and_only_there(shown: Shown) -> None:
    shown.put("計画停止のご案内", frequency="always", priority="high", expires_at=shown.clock.now() + timedelta(days=3))
    shown.show("計画停止のご案内")
    shown.close("計画停止のご案内")

    assert shown.offered() == [] and shown.offered(SECOND) == ["計画停止のご案内"]
    shown.show("計画停止のご案内", SECOND)
    shown.close("計画停止のご案内", SECOND)
    assert shown.offered(SECOND) == []
    shown.later(days=4)
    assert shown.offered("third-visit-of-her") == []


def test_a_session_sees_one_modal_at_most(shown: Shown) -> None:
    shown.put("一つ目", "modal"), shown.put("二つ目", "modal")
    assert shown.show("二つ目") is True

    assert shown.show("一つ目") is False and shown.offered() == ["二つ目"]
    assert shown.show("二つ目") is True, "a page that was loaded anew goes on with it"
    assert shown.offered(SECOND) == ["二つ目", "一つ目"] and shown.show("一つ目", SECOND) is True


def test_of_pages_that_ask_at_once_one_shows_its_modal_and_nobody_waits_for_ever(shown: Shown) -> None:
    titles = [f"モーダル{number}" for number in range(6)]
    for title in titles:
        shown.put(title, "modal")
    with shown.database.reading() as session:
        items = session.execute(select(InAppItem.public_id, InAppItem.contact_id)).all()

    def ask(number: int) -> bool:
        item_id, contact_id = items[number % len(items)]
        with shown.database.transaction() as session:
            if number >= len(items):  # meanwhile the same ones are read in the list of another page
                return bool(react(session, contact_id, [item_id], "read", now=shown.clock.now())) and False
            return bool(show_over_page(session, contact_id, item_id, FIRST, now=shown.clock.now()))

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(2 * len(items))))

    assert sum(answers) == 1 and len(shown.offered()) == 1


def test_whoever_closed_something_is_left_in_peace_for_a_while(shown: Shown) -> None:
    (
        shown.put("閉じるもの", "modal"),
        shown.put("開いているもの"),
        shown.put("次のもの"),
        shown.put("急ぎ", priority="high"),
    )
    shown.show("閉じるもの"), shown.show("開いているもの")
    shown.close("閉じるもの")

    assert shown.offered() == ["急ぎ", "開いているもの"], "what is open stays, what is urgent comes"
    assert shown.offered(SECOND) == ["急ぎ"] and shown.show("次のもの") is False
    shown.later(seconds=QUIET_FOR.total_seconds() + 1)
    assert shown.offered(SECOND) == ["急ぎ", "次のもの", "開いているもの"]


def test_what_is_shown_is_seen_and_told_once(shown: Shown) -> None:
    shown.put("見えるもの")
    assert shown.told() == []
    shown.show("見えるもの"), shown.show("見えるもの", SECOND)
    shown.close("見えるもの")

    assert shown.told() == ["in_app.seen", "in_app.dismissed"]


def test_what_has_expired_is_not_shown_and_leaves_nothing_behind(shown: Shown) -> None:
    shown.put("昨日まで", expires_at=shown.clock.now() + timedelta(hours=1))
    shown.show("昨日まで")
    shown.later(hours=2)
    assert shown.offered() == [] and shown.show("昨日まで") is False

    with shown.database.transaction() as session:
        expire_items(session, now=shown.clock.now())
    with shown.database.reading() as session:
        assert session.scalars(select(InAppDisplay)).all() == []
    assert shown.told()[-1] == "in_app.expired"


def test_another_readers_banner_is_nobody_elses(shown: Shown) -> None:
    with shown.database.transaction() as session:
        ben = session.scalars(select(Contact).where(Contact.external_id == "ben")).one()
        make_item(session, ben, "ベンへ", display="banner")

    assert shown.ask("ベンへ", f"displayed?session={FIRST}").status_code == 404
    assert shown.ask("ベンへ", f"dismissed?session={FIRST}").status_code == 404
    shown.put("私へ")
    assert shown.ask("私へ", "displayed").json["error"]["code"] == "bad_session"


def test_who_turns_out_to_be_one_person_has_one_inbox(shown: Shown) -> None:
    with shown.database.transaction() as session:
        ben, aiko = (
            session.scalars(select(Contact.id).where(Contact.external_id == name)).one() for name in ("ben", "aiko")
        )
        who = session.get_one(Contact, ben)
        make_item(session, who, "ベンに見せたもの", display="modal")
        make_item(session, who, "ベンのお知らせ")
    shown.put("アイコに見せたもの", "modal")
    with shown.database.transaction() as session:
        items = dict(session.execute(select(InAppItem.title, InAppItem.public_id)).all())
        for contact, title in ((ben, "ベンに見せたもの"), (aiko, "アイコに見せたもの")):
            assert show_over_page(session, contact, items[title], FIRST, now=shown.clock.now())
    tag = shown.get().headers["ETag"]
    with shown.database.transaction() as session:
        give_inbox(session, ben, aiko, now=shown.clock.now())

    feed = shown.get(**{"If-None-Match": tag})
    assert feed.status_code == 200 and [item["title"] for item in feed.json["items"]] == ["ベンのお知らせ"]
    assert shown.offered() == ["アイコに見せたもの"], "one modal was shown in that visit"
