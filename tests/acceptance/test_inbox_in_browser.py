"""The bell in a customer's product, in a real browser: another origin, a strict policy, a short-lived token."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from engage.channels.in_app.tables import InAppItem
from engage.clock import Clock
from engage.customers.tables import Contact
from engage.db.session import Database
from engage.testing import make_account, make_contact
from tests.support.product import product as customers_product
from tests.support.serving import served
from tests.support.site import installation, make_in_app_key, make_item, make_token, site

clock = Clock()  # the browser's own: a long run may come here long after it began
PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>Product</title>
<header style="text-align:right"><engage-inbox src="{engage}" token="{token}"></engage-inbox></header>
<button id="after">After</button><script type="module" src="{engage}/in-app/engage-inbox.js"></script></html>"""


class Product:
    """A customer's product that embeds the bell."""

    def __init__(self, page: Any, url: str, database: Database) -> None:
        self.page, self.url, self.database = page, url, database
        self.bell = page.locator("engage-inbox .bell")
        self.panel = page.get_by_role("dialog")
        self.rows = page.locator("engage-inbox li")

    def open(self, *, lang: str = "ja", token: str | None = None) -> None:
        said = token or make_token("aiko", clock.now())
        self.page.goto(f"{self.url}/?lang={lang}&token={said}")

    def states(self, title: str) -> set[str]:
        with self.database.reading() as session:
            item = session.scalars(select(InAppItem).where(InAppItem.title == title)).one()
        return {name for name in ("seen", "read", "clicked", "dismissed") if getattr(item, f"{name}_at")}

    def says(self, expected: str) -> None:
        self.page.wait_for_function(
            "said => document.querySelector('engage-inbox').shadowRoot.querySelector('.bell').ariaLabel === said",
            arg=expected,
        )

    def reaches(self, title: str, states: set[str]) -> None:
        """Waits until the server has heard of it."""
        self.waits(lambda: self.states(title) == states)
        assert self.states(title) == states

    def waits(self, until: Callable[[], bool]) -> None:
        for _ in range(200):
            if until():
                return
            self.page.wait_for_timeout(30)

    def focused(self) -> str:
        said: str = self.page.evaluate(
            "(document.activeElement.shadowRoot?.activeElement ?? document.activeElement).className"
        )
        return said


@pytest.fixture
def product(database: Database, page: Any, tmp_path: Path) -> Iterator[Product]:
    """A product on another origin, and three messages for Aiko."""
    now = clock.now()
    with database.transaction() as session:
        account = make_account(session)
        make_in_app_key(session)
        aiko = make_contact(session, account, "aiko")
        make_item(
            session,
            aiko,
            "<img src=x onerror=alert(1)>",
            link="javascript:alert(1)",
            now=now - timedelta(days=9),
        )
        make_item(session, aiko, "請求書払いに対応", now=now - timedelta(hours=3))
        make_item(session, aiko, "ご報告が届きました", link="#report", now=now - timedelta(minutes=5))
    with ExitStack() as stack:
        engage = stack.enter_context(served(site(installation(database, clock, tmp_path))))
        url = stack.enter_context(served(customers_product(engage, PAGE, styles="style-src-attr 'unsafe-inline'")))
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(dialog.message))
        yield Product(page, url, database)
        page.close()
        assert problems == []


@pytest.mark.parametrize(("lang", "label"), [("ja", "お知らせ(未読3件)"), ("en", "Messages, 3 unread")])
def test_the_bell_counts_in_the_language_of_the_page(product: Product, lang: str, label: str) -> None:
    product.open(lang=lang)

    product.says(label)
    expect(product.bell).to_have_text("3")
    expect(product.panel).to_be_hidden()


def test_opening_shows_the_messages_and_marks_them_seen(product: Product) -> None:
    product.open()
    product.says("お知らせ(未読3件)")
    product.bell.click()

    titles = ["ご報告が届きました", "請求書払いに対応", "<img src=x onerror=alert(1)>"]
    expect(product.page.locator("engage-inbox .name")).to_have_text(titles)
    product.reaches("請求書払いに対応", {"seen"})
    product.says("お知らせ(未読3件)")


def test_what_came_from_outside_is_only_ever_text_and_only_web_links_are_links(product: Product) -> None:
    product.open()
    product.bell.click()
    product.rows.first.wait_for()

    expect(product.page.locator("engage-inbox li img")).to_have_count(0)
    expect(product.page.locator("engage-inbox li a:visible")).to_have_count(1)


def test_reading_clicking_and_dismissing_reach_the_server(product: Product) -> None:
    product.open()
    product.bell.click()

    product.rows.nth(1).locator(".name").click()
    product.reaches("請求書払いに対応", {"seen", "read"})
    product.says("お知らせ(未読2件)")

    product.rows.nth(0).locator("a").click()
    product.reaches("ご報告が届きました", {"seen", "read", "clicked"})
    expect(product.page).to_have_url(re.compile("#report$"))

    product.rows.nth(2).locator(".x").click()
    product.reaches("<img src=x onerror=alert(1)>", {"seen", "dismissed"})
    product.says("お知らせ")
    expect(product.rows).to_have_count(2)


def test_all_can_be_marked_read_at_once(product: Product) -> None:
    product.open(lang="en")
    product.bell.click()
    product.page.get_by_role("button", name="Mark all read").click()

    product.says("Messages")
    product.reaches("請求書払いに対応", {"seen", "read"})


def test_everything_can_be_done_with_the_keyboard(product: Product) -> None:
    product.open()
    product.says("お知らせ(未読3件)")
    product.bell.focus()
    product.page.keyboard.press("Enter")
    expect(product.panel).to_be_visible()
    assert product.focused() == "panel"

    for expected in ("act", "x", "name"):
        product.page.keyboard.press("Tab")
        assert product.focused() == expected
    for _ in range(12):
        product.page.keyboard.press("Tab")
        assert product.page.evaluate("document.activeElement.id") != "after", "nothing behind it can be reached"
    product.page.locator("engage-inbox .name").first.focus()
    product.page.keyboard.press("Enter")
    product.reaches("ご報告が届きました", {"seen", "read"})
    expect(product.page.locator("engage-inbox .name").first).to_have_attribute("aria-expanded", "true")

    product.page.keyboard.press("Escape")
    expect(product.panel).to_be_hidden()
    assert product.focused() == "bell"


def test_leaving_the_list_closes_it(product: Product) -> None:
    product.open()
    product.bell.click()
    expect(product.panel).to_be_visible()
    product.page.mouse.click(10, 400)
    expect(product.panel).to_be_hidden()
    assert product.focused() == "bell"


def test_a_token_that_has_run_out_asks_the_product_for_another(product: Product) -> None:
    product.page.add_init_script("addEventListener('engage-token-expired', e => { window.asked = true }, true);")
    product.open(token=make_token("aiko", clock.now() - timedelta(hours=1)))
    product.page.wait_for_function("() => window.asked")

    fresh = make_token("aiko", clock.now())
    product.page.evaluate("token => document.querySelector('engage-inbox').setAttribute('token', token)", fresh)
    product.says("お知らせ(未読3件)")


def test_news_comes_by_itself_at_the_servers_pace_and_never_to_a_hidden_page(product: Product) -> None:
    asked: list[int] = []
    _quicken(product.page, asked)
    product.open()
    product.waits(lambda: 304 in asked)
    with product.database.transaction() as session:
        aiko = session.scalars(select(Contact).where(Contact.external_id == "aiko")).one()
        make_item(session, aiko, "四通目", now=clock.now())
    product.says("お知らせ(未読4件)")

    _hide(product.page, True)
    product.page.wait_for_timeout(100)
    before = len(asked)
    product.page.wait_for_timeout(600)
    assert len(asked) <= before + 1, "one that was on its way may still come"

    _hide(product.page, False)
    product.waits(lambda: len(asked) > before)
    assert len(asked) > before


def _quicken(page: Any, asked: list[int]) -> None:
    """Has the server ask for a poll every 0.1 seconds instead of 30, and notes its answers."""

    def answer(route: Any) -> None:
        real = route.fetch()
        asked.append(real.status)
        route.fulfill(response=real, headers={**real.headers, "x-engage-poll-after": "0.1"})

    page.route("**/in-app/v1/feed*", answer)


def _hide(page: Any, hidden: bool) -> None:
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )
