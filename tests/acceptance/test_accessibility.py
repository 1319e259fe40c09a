"""Every page by the rules of axe-core: in both languages and colours, at a desk and on a phone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import select

from engage.channels.email.inbound.arrived import Arrived
from engage.clock import Clock
from engage.customers.touching import Touched, log_touch
from engage.db.session import Database
from engage.messages.inbound.tables import InboundEmail
from engage.messages.inbound.taking import take
from engage.messages.links import Asked, Links
from engage.releases.library import Library
from engage.rollout.apply import apply_workspace
from engage.staff import sessions
from engage.staff.people import add_person
from engage.tasks.raising import NewTask, raise_tasks
from engage.testing import make_account, make_contact
from engage.web.app import create_app
from engage.web.example.blueprint import FILE
from tests.support.ledger import publish, queue
from tests.support.letters import letter
from tests.support.product import product
from tests.support.serving import served
from tests.support.site import (
    SECRET,
    installation,
    make_approval,
    make_in_app_key,
    make_item,
    make_token,
)
from tests.support.stores import migrated_sqlite
from tests.support.workspaces import Team

LOCALES = ("ja", "en")
# Every page in both colours, at a desk and on a phone; that it fits on a phone is asked in both languages.
LOOKS = {"ja": ("light", 1280), "en": ("dark", 390)}
PHONE = 390
clock = Clock()  # the browser's own


@dataclass(frozen=True)
class Place:
    """A served installation where something is on every page."""

    url: str
    product: str
    session: str
    approval: str
    mail: str
    unsubscribe: dict[str, str]
    preferences: dict[str, str]
    decide: dict[str, str]
    browser: Any

    def page(self, locale: str, theme: str, width: int, *, entered: bool) -> Any:
        """A page of a fresh browser that reads this language in these colours."""
        # still: what fades in is pale for a moment
        still = {"reduced_motion": "reduce", "viewport": {"width": width, "height": 900}}
        context = self.browser.new_context(locale=locale, color_scheme=theme, **still)
        said = {"engage_locale": locale, "engage_theme": theme} | ({"engage": self.session} if entered else {})
        context.add_cookies([{"name": name, "value": value, "url": self.url} for name, value in said.items()])
        return context.new_page()


@pytest.fixture(scope="module")
def place(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("place")
    people = {"aiko": {"name": "山田 愛子", "company": "青葉", "locale": "ja"}}
    (home / FILE).write_text(json.dumps({"kid": "k1", "people": people}), encoding="utf-8")
    database = Database(f"sqlite:///{migrated_sqlite(home / 'engage.db')}")
    with ExitStack() as stack:
        stack.callback(database.close)
        url = stack.enter_context(served(create_app(installation(database, clock, home))))
        shown = stack.enter_context(served(product(url)))
        yield Place(url, shown, *_furnish(database, url, home), browser)


def _furnish(
    database: Database, url: str, home: Path
) -> tuple[str, str, str, dict[str, str], dict[str, str], dict[str, str]]:
    now = clock.now()
    with database.transaction() as session:
        sato = add_person(session, email="sato@engage.example", role="csm", family_name="佐藤", now=now)
        token = sessions.log_in(session, sato.id, old_token=None, now=now)
        account = make_account(session, name="株式会社ミナト商事")
        tanaka = make_contact(session, account, "tanaka", family_name="田中", given_name="健一")
        asked = make_approval(session, tanaka, sato, account_id=account.id, now=now)
        raise_tasks(session, [_task(account.id, sato.id, now)], now=now)
        make_in_app_key(session)
        aiko = make_contact(session, account, "aiko")
        for title in ("請求書払いに対応", "ご報告が届きました"):
            make_item(session, aiko, title, link="https://customer.example/", now=now - timedelta(hours=3))
        make_item(session, aiko, "契約期間のご案内", display="banner", link="https://customer.example/", now=now)
        templates = publish(session, now=now)
        links = Links(SECRET, url)
        offers = {
            locale: links.unsubscribe_url(queue(session, templates, 1, now=now, first=first, locale=locale)[0])
            for first, locale in enumerate(LOCALES, 100)
        }
        sent = {"state": "accepted", "due_at": None, "accepted_at": now, "ended_at": now, "cc": [aiko.id]}
        chosen = {
            locale: links.preferences_url(queue(session, templates, 1, now=now, first=first, locale=locale, **sent)[0])
            for first, locale in enumerate(LOCALES, 200)
        }
        apply_workspace(session, Team(home / "team").load(), author="sato", now=now)
        left = letter(
            "退職いたしました。後任は森です。", sender=tanaka.email, headers={"Auto-Submitted": "auto-replied"}
        )
        take(session, Library(), [Arrived(door="imap", raw=left, size=len(left))], now=now)
        mail = session.scalars(select(InboundEmail.public_id)).one()
        call = Touched(key="call", account="acme", kind="call", at=now, contact="tanaka", note="更新の相談")
        log_touch(session, call, by="sato@engage.example", now=now)
        miller = add_person(session, email="m@engage.example", role="csm", family_name="Miller", locale="en", now=now)
        hers = make_approval(session, tanaka, miller, account_id=account.id, now=now)
        pairs = {"ja": (asked, sato), "en": (hers, miller)}
        decisions = {
            locale: links.decision_url(Asked(one.public_id, member.public_id, one.expires_at))
            for locale, (one, member) in pairs.items()
        }
        return token, asked.public_id, mail, offers, chosen, decisions


def _task(account_id: int, staff_id: int, now: Any) -> NewTask:
    said = {"ja": "お客様に電話する", "en": "Call the customer"}
    due = now + timedelta(days=2)
    return NewTask(
        key="t-1", account_id=account_id, title=said, note=said, reason="step", staff_id=staff_id, due_at=due
    )


def complaints(page: Any) -> list[str]:
    """What axe finds on the page as it stands, each with its place; the mail in its frame is its writer's."""
    found = Axe().run(page, options={"resultTypes": ["violations"], "iframes": False}).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['html'][:160]}"
        for one in found
        for node in one["nodes"]
    ]


def looked_at(place: Place, locale: str, path: str, *, entered: bool = True) -> list[str]:
    """The complaints about one page in a language's look."""
    theme, width = LOOKS[locale]
    page = place.page(locale, theme, width, entered=entered)
    answer = page.goto(path if path.startswith("http") else place.url + path)
    assert answer.status == (404 if path.endswith("/nothing") else 200)
    found = [f"{theme} {width}: {one}" for one in complaints(page)]
    for narrow in (width, PHONE):
        page.set_viewport_size({"width": narrow, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= narrow, "the page is wider than the screen"
    page.context.close()
    return found


def test_the_rules_find_what_is_wrong(browser: Any) -> None:
    page = browser.new_page()
    page.set_content("<p style='color:#aaa'>pale</p><img src='x.png'><input>")
    assert {one.partition(" ")[0] for one in complaints(page)} >= {"color-contrast", "image-alt", "label"}
    page.close()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    "path",
    [
        "approvals?show=all",
        "approvals/{asked}",
        "approvals/{asked}/edit",
        "tasks",
        "inbound?show=all",
        "inbound/{mail}",
        "customers/acme",
        "templates",
        "templates/greeting/hello",
        "today",
        "me",
        "password",
        "approvals/nothing",
    ],
)
def test_a_page_of_the_console_can_be_used_by_everybody(place: Place, locale: str, path: str) -> None:
    assert looked_at(place, locale, f"/console/{path.format(asked=place.approval, mail=place.mail)}") == []


@pytest.mark.parametrize("locale", LOCALES)
def test_the_form_that_logs_a_call_can_be_used_by_everybody(place: Place, locale: str) -> None:
    page = place.page(locale, *LOOKS[locale], entered=True)
    page.goto(f"{place.url}/console/customers/acme")
    page.locator("details.touch summary").click()
    assert complaints(page) == []
    page.get_by_role("textbox", name="内容" if locale == "ja" else "What came of it").fill("12月に決める")
    page.locator("details.touch button.primary").click()
    page.get_by_role("status").wait_for()
    assert page.get_by_text("12月に決める").count() >= 1
    page.context.close()


@pytest.mark.parametrize("locale", LOCALES)
def test_an_empty_console_and_its_open_menu_too(place: Place, locale: str) -> None:
    page = place.page(locale, *LOOKS[locale], entered=True)
    page.goto(f"{place.url}/console/approvals?notice=approved")
    page.locator("details.menu summary").click()
    assert complaints(page) == []
    page.context.close()


@pytest.mark.parametrize("locale", LOCALES)
def test_the_door_can_be_used_by_everybody(place: Place, locale: str) -> None:
    assert looked_at(place, locale, "/console/login", entered=False) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_a_refusal_at_the_door_is_said_to_everybody(place: Place, locale: str) -> None:
    page = place.page(locale, "light", 390, entered=False)
    page.goto(f"{place.url}/console/login")
    page.fill("[name=email]", "who@engage.example")
    page.fill("[name=password]", "a wrong password")
    page.click("button.primary")
    page.get_by_role("alert").wait_for()
    assert complaints(page) == []
    page.context.close()


@pytest.mark.parametrize("locale", LOCALES)
def test_the_page_behind_an_unsubscribe_link_can_be_used_by_everybody(place: Place, locale: str) -> None:
    assert looked_at(place, locale, place.unsubscribe[locale], entered=False) == []


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("answer", ["", "?answer=no"])
def test_the_page_behind_a_deciding_link_too(place: Place, locale: str, answer: str) -> None:
    assert looked_at(place, locale, place.decide[locale] + answer, entered=False) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_the_page_of_preferences_can_be_used_by_everybody_before_and_after_saving(place: Place, locale: str) -> None:
    assert looked_at(place, locale, place.preferences[locale], entered=False) == []
    page = place.page(locale, *LOOKS[locale], entered=False)
    page.goto(place.preferences[locale])
    page.locator("[name=own]").check()
    page.locator("[name=topic]").first.uncheck()
    page.locator("button").first.click()
    expect(page.get_by_role("status")).to_be_visible()
    assert complaints(page) == []
    page.context.close()


@pytest.mark.parametrize("locale", LOCALES)
def test_what_follows_it_and_a_link_that_is_none_too(place: Place, locale: str) -> None:
    page = place.page(locale, "light", 390, entered=False)
    for path in ("/unsubscribe/none", "/click/none"):
        page.goto(place.url + path)
        assert complaints(page) == []
    page.goto(place.unsubscribe[locale])
    page.locator("button").click()
    expect(page.locator("button")).to_have_count(0)
    assert complaints(page) == []
    page.context.close()


@pytest.mark.parametrize("locale", LOCALES)
def test_the_bell_can_be_used_by_everybody_closed_and_open(place: Place, locale: str) -> None:
    token = make_token("aiko", clock.now())
    page = place.page(locale, *LOOKS[locale], entered=False)
    page.goto(f"{place.product}/?lang={locale}&token={token}")
    page.locator("engage-inbox .count:visible").wait_for()
    closed = complaints(page)
    page.locator("engage-inbox .bell").click()
    page.locator("engage-inbox li").first.wait_for()
    assert closed + complaints(page) == []
    page.context.close()


@pytest.mark.parametrize("locale", LOCALES)
def test_the_sample_product_of_the_demo_with_all_that_it_shows_too(place: Place, locale: str) -> None:
    page = place.page(locale, *LOOKS[locale], entered=False)
    page.goto(f"{place.url}/example/?lang={locale}&user=aiko")
    page.locator("engage-inbox .banner").wait_for()
    closed = complaints(page)
    page.locator("engage-inbox .bell").click()
    page.locator("engage-inbox li").first.wait_for()
    assert closed + complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.keyboard.press("Escape")
    page.locator("nav a").nth(2).click()
    expect(page.locator("engage-inbox")).to_have_attribute("page", "/contract")
    page.context.close()
