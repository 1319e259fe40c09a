"""A question in the customer's product, answered with the keyboard alone, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from engage.clock import Clock
from engage.db.session import Database
from engage.messages.inbox_questions import show_questions
from engage.messages.tables import Message
from engage.releases.library import Library
from engage.surveys.tables import Answer
from tests.acceptance.test_accessibility import complaints
from tests.support.asking import ask
from tests.support.product import product as customers_product
from tests.support.serving import served
from tests.support.site import installation, make_in_app_key, make_token, site

clock = Clock()  # the browser's own


@pytest.fixture(params=["ja", "en"])
def product(request: pytest.FixtureRequest, database: Database, page: Page, tmp_path: Path) -> Iterator[Page]:
    """The list is open; in Japanese it asks for a number, in English for one of four."""
    locale = request.param
    asking = ask(database, tmp_path, locale=locale, clock=clock)
    asking.change(inputs={"question": {"key": "nps" if locale == "ja" else "renewal_intent"}})
    with database.transaction() as session:
        make_in_app_key(session)
        mails: Any = session.scalars(select(Message)).all()
        show_questions(session, Library(), mails, now=clock.now())
    with ExitStack() as stack:
        engage = stack.enter_context(served(site(installation(database, clock, tmp_path))))
        url = stack.enter_context(served(customers_product(engage)))
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{url}/?lang={locale}&token={make_token('aiko', clock.now())}")
        page.locator("engage-inbox .count").wait_for()
        page.locator("engage-inbox .bell").click()
        expect(page.locator("engage-inbox form")).to_be_visible()
        yield page
        page.close()
        assert problems == []


def kept(database: Database) -> list[tuple[str, str, str | None]]:
    with database.reading() as session:
        rows = session.scalars(select(Answer).order_by(Answer.id))
        return [(row.choice, str(row.day or ""), row.comment) for row in rows]


def test_a_question_is_answered_and_answered_otherwise(product: Page, database: Database) -> None:
    is_scale = product.locator("engage-inbox .scale").count() == 1
    radios = product.get_by_role("radio")
    send, noted = product.locator("engage-inbox .send"), product.locator("engage-inbox .noted")
    first, second = ("9", "10") if is_scale else ("deciding", "going_on")
    assert complaints(product) == []
    expect(send).to_be_hidden()

    radios.first.focus()
    for _ in range(9 if is_scale else 1):
        product.keyboard.press("ArrowRight")
    expect(send).to_be_visible()
    if not is_scale:
        product.locator("engage-inbox input[type=date]").fill("2020-01-01")
        send.press("Enter")
        expect(product.get_by_role("alert")).to_have_text("Please give a date from tomorrow on.")
        product.locator("engage-inbox input[type=date]").fill("")
    product.locator("engage-inbox textarea").fill("稟議中です")
    assert complaints(product) == []
    send.press("Enter")

    expect(noted).to_be_focused()
    expect(noted).to_have_text(
        "「9」と承りました。ありがとうございます。"
        if is_scale
        else "We have noted: “We are deciding internally”. Thank you."
    )
    expect(product.locator("engage-inbox .count")).to_be_hidden()
    assert kept(database) == [(first, "", "稟議中です")]

    product.get_by_role("button", name="回答を変更する" if is_scale else "Change the answer").press("Enter")
    expect(product.locator("engage-inbox textarea")).to_have_value("稟議中です")
    product.keyboard.press("ArrowRight" if is_scale else "ArrowLeft")
    send.press("Enter")
    expect(noted).to_contain_text("10" if is_scale else "We will continue")
    assert [choice for choice, _, _ in kept(database)] == [first, second]
