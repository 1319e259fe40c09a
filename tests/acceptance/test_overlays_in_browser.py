"""Banners and modals over a product's pages, several tabs of one reader, and the live stream, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from engage.channels.in_app.tables import InAppItem
from engage.clock import Clock
from engage.customers.tables import Contact
from engage.db.session import Database
from engage.testing import make_account, make_contact
from tests.acceptance.test_accessibility import complaints
from tests.support.product import product as customers_product
from tests.support.serving import served
from tests.support.site import installation, make_in_app_key, make_item, make_token, site
from tests.support.streaming import streaming

clock = Clock()  # the browser's own
PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>Product</title>
<meta name="viewport" content="width=device-width">
<main><h1>Product</h1><engage-inbox src="{engage}" token="{token}" page="/"></engage-inbox>
<button id="after">After</button></main><script type="module" src="{engage}/in-app/engage-inbox.js"></script></html>"""


class Product:
    """A product with an inbox, whose browser's tabs share what a browser shares."""

    def __init__(self, browser: Any, url: str, database: Database, **looks: Any) -> None:
        self.url, self.database = url, database
        self.context = browser.new_context(**looks)
        self.problems: list[str] = []

    def tab(self, lang: str = "ja") -> Page:
        page: Page = self.context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("dialog", lambda dialog: self.problems.append(dialog.message))
        page.goto(f"{self.url}/?lang={lang}&token={make_token('aiko', clock.now())}")
        return page

    def put(self, title: str, display: str = "banner", **said: Any) -> None:
        with self.database.transaction() as session:
            aiko = session.scalars(select(Contact).where(Contact.external_id == "aiko")).one()
            make_item(session, aiko, title, display=display, now=clock.now(), **said)

    def state(self, title: str) -> set[str]:
        with self.database.reading() as session:
            item = session.scalars(select(InAppItem).where(InAppItem.title == title)).one()
        return {name for name in ("seen", "clicked", "dismissed") if getattr(item, f"{name}_at")}

    def reaches(self, page: Page, title: str, states: set[str]) -> None:
        for _ in range(400):
            if self.state(title) == states:
                return
            page.wait_for_timeout(30)
        assert self.state(title) == states


@pytest.fixture
def product(database: Database, browser: Any, tmp_path: Path) -> Iterator[Product]:
    with database.transaction() as session:
        account = make_account(session)
        make_in_app_key(session)
        make_contact(session, account, "aiko")
    with ExitStack() as stack:
        engage = stack.enter_context(served(site(installation(database, clock, tmp_path))))
        url = stack.enter_context(served(customers_product(engage, PAGE, styles="style-src-attr 'none'")))
        opened = Product(browser, url, database)
        yield opened
        opened.context.close()
        assert opened.problems == []


def banner(page: Page) -> Any:
    return page.locator("engage-inbox .banner")


def modal(page: Page) -> Any:
    return page.locator("engage-inbox .modal")


def test_a_banner_comes_on_its_pages_goes_with_them_and_stays_away_once_closed(product: Product) -> None:
    product.put("<b onclick=alert(1)>お支払い方法</b>", pages=("/billing", "/billing/*"), link="javascript:alert(1)")
    page = product.tab()
    page.locator("engage-inbox .bell").wait_for()
    expect(banner(page)).to_have_count(0)
    page.evaluate("document.querySelector('engage-inbox').setAttribute('page', '/billing/cards')")
    expect(banner(page).get_by_role("heading")).to_have_text("<b onclick=alert(1)>お支払い方法</b>")
    expect(banner(page).locator("a:visible, b")).to_have_count(0)
    assert page.evaluate("document.activeElement === document.body"), "a banner takes no focus"

    page.evaluate("document.querySelector('engage-inbox').setAttribute('page', '/billings')")
    expect(banner(page)).to_have_count(0)
    page.evaluate("document.querySelector('engage-inbox').setAttribute('page', '/billing')")
    page.get_by_role("button", name="閉じる").click()
    product.reaches(page, "<b onclick=alert(1)>お支払い方法</b>", {"seen", "dismissed"})
    page.reload()
    page.locator("engage-inbox .bell").wait_for()
    page.evaluate("document.querySelector('engage-inbox').setAttribute('page', '/billing')")
    page.wait_for_timeout(300)
    expect(banner(page)).to_have_count(0)


def test_a_modal_holds_the_focus_and_escape_closes_it_for_good(product: Product) -> None:
    product.put("導入の目標を達成されました", "modal", link="#start")
    page = product.tab()
    expect(modal(page)).to_be_visible()
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") != "after"
    page.keyboard.press("Escape")
    expect(modal(page)).to_have_count(0)
    product.reaches(page, "導入の目標を達成されました", {"seen", "dismissed"})


def test_following_a_modals_link_tells_the_page_first_and_closes_it(product: Product) -> None:
    product.put("始めましょう", "modal", link="#start")
    page = product.tab(lang="en")
    page.evaluate(
        """() => document.querySelector('engage-inbox').addEventListener('engage-click', (event) => {
            event.preventDefault();
            window.asked = event.detail.url;
        })"""
    )
    page.get_by_role("link", name="Read more").click()
    product.reaches(page, "始めましょう", {"seen", "clicked"})

    expect(modal(page)).to_have_count(0)
    assert page.evaluate("window.asked").endswith("#start") and "#start" not in page.url


def test_of_two_tabs_one_asks_and_both_know(product: Product) -> None:
    product.put("どちらにも"), product.put("一度に一つ", "modal")
    asked: list[str] = []
    product.context.on("request", lambda request: asked.append(request.url) if "/feed" in request.url else None)
    one, two = product.tab(), product.tab()
    # A new tab hides the one before; both are told that they can be seen, as two windows can.
    expect(banner(two)).to_be_visible()
    expect(banner(one)).to_be_visible()
    assert sum(modal(page).count() for page in (one, two)) == 2, "it is the same modal in both"

    two.locator(".modal").get_by_role("button", name="閉じる").first.click()
    expect(modal(one)).to_have_count(0)
    two.locator(".banner .x").click()
    expect(banner(one)).to_have_count(0)
    gets = [url for url in asked if "/feed" in url]
    assert len(gets) <= 3, "the tab that does not ask is told"


def test_news_come_at_once_where_there_is_a_stream(database: Database, browser: Any, tmp_path: Path) -> None:
    with database.transaction() as session:
        account = make_account(session)
        make_in_app_key(session)
        make_contact(session, account, "aiko")
    with ExitStack() as stack:
        live = stack.enter_context(streaming(installation(database, clock, tmp_path)))
        said = installation(database, clock, tmp_path, stream_url=f"{live}/in-app/v1/stream")
        engage = stack.enter_context(served(site(said)))
        url = stack.enter_context(served(customers_product(engage, PAGE, styles="style-src-attr 'none'", live=live)))
        product = Product(browser, url, database)
        page = product.tab()
        with page.expect_response(lambda answer: answer.url.startswith(live) and answer.status == 200):
            pass
        product.put("たったいま")
        expect(banner(page)).to_be_visible(timeout=15_000)  # asking now and then would take thirty seconds
        product.context.close()
        assert product.problems == []


@pytest.mark.parametrize(("lang", "scheme", "width"), [("ja", "light", 1280), ("en", "dark", 390)])
def test_what_lies_over_a_page_is_fit_for_everybody(
    database: Database, browser: Any, tmp_path: Path, lang: str, scheme: str, width: int
) -> None:
    with database.transaction() as session:
        account = make_account(session)
        make_in_app_key(session)
        make_contact(session, account, "aiko")
    with ExitStack() as stack:
        engage = stack.enter_context(served(site(installation(database, clock, tmp_path))))
        url = stack.enter_context(served(customers_product(engage)))
        looks = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}, "reduced_motion": "reduce"}
        product = Product(browser, url, database, **looks)
        product.put("お支払い方法をご確認ください", link="https://customer.example/billing", locale=lang)
        product.put("導入の目標を達成されました", "modal", link="https://customer.example/start", locale=lang)
        page = product.tab(lang)
        expect(modal(page)).to_be_visible()
        expect(banner(page)).to_be_visible()
        assert complaints(page) == []
        page.keyboard.press("Escape")
        expect(modal(page)).to_have_count(0)
        assert complaints(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        product.context.close()
