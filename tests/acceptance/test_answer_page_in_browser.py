"""The answer page in a real browser at phone width, without scripts, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from engage.clock import Clock
from engage.db.session import Database
from engage.surveys.tables import Answer
from tests.support.asking import Asking, ask
from tests.support.serving import served
from tests.unit.content.test_appearance import LUMINANCE

clock = Clock()  # the date field of the browser knows its own today
WORDS = {
    "ja": (
        "継続する",
        "社内で検討している",
        "ご判断のご予定日(お分かりの場合)",
        "この内容で回答する",
        "ご回答をいただきました",
    ),
    "en": (
        "We will continue",
        "We are deciding internally",
        "When do you expect to decide? (if you know)",
        "Send this answer",
        "Thank you for your answer",
    ),
}


@pytest.fixture(params=["ja", "en"])
def locale(request: pytest.FixtureRequest) -> str:
    said: str = request.param
    return said


@pytest.fixture
def site(database: Database, tmp_path: Path, locale: str) -> Iterator[tuple[Asking, str]]:
    """The mail that asked, and where its links lead."""
    asking = ask(database, tmp_path, locale=locale, clock=clock)
    with served(asking.app) as url:
        yield asking, url


def test_on_a_phone_the_choice_is_confirmed_with_a_date_and_a_comment(
    site: tuple[Asking, str], browser: Any, locale: str, tmp_path: Path
) -> None:
    asking, url = site
    going_on, deciding, when, send, thanks = WORDS[locale]
    phone = browser.new_context(viewport={"width": 375, "height": 740}, java_script_enabled=False, locale=locale)
    page = phone.new_page()
    page.goto(url + asking.path("going_on"))
    expect(page.get_by_label(going_on)).to_be_checked()
    expect(page.get_by_label(when)).to_be_hidden()
    page.get_by_label(deciding).check()
    day = (clock.now() + timedelta(days=40)).date()
    page.get_by_label(when).fill(day.isoformat())
    page.locator("textarea").fill("稟議にかけます")
    page.get_by_role("button", name=send).click()
    expect(page.get_by_role("heading", name=thanks)).to_be_visible()
    phone.close()

    with asking.database.reading() as session:
        kept = session.scalars(select(Answer)).one()
    assert (kept.choice, kept.day, kept.comment) == ("deciding", day, "稟議にかけます")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_the_screen_and_can_be_read_and_pressed(
    site: tuple[Asking, str], browser: Any, scheme: str
) -> None:
    asking, url = site
    asking.change(cc=[1])
    page = browser.new_page(color_scheme=scheme)
    page.goto(url + asking.path("deciding"))
    for width in (320, 375, 1280):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(LUMINANCE) == []
    small = "[...document.querySelectorAll('.choice, button')].filter(e => e.offsetHeight < 44).length"
    assert page.evaluate(small) == 0
    nameless = (
        "[...document.querySelectorAll('input:not([type=hidden]), textarea')].filter(e => !e.labels.length).length"
    )
    assert page.evaluate(nameless) == 0
    page.close()


def test_a_date_that_has_passed_is_said_on_the_page_with_everything_still_filled_in(
    site: tuple[Asking, str], browser: Any, locale: str, tmp_path: Path
) -> None:
    asking, url = site
    _, deciding, when, send, _ = WORDS[locale]
    asking.change(cc=[1])
    page = browser.new_page(viewport={"width": 375, "height": 740}, color_scheme="dark")
    page.goto(url + asking.path("deciding"))
    page.evaluate("document.querySelector('form').noValidate = true")
    page.get_by_label(when).fill("2020-01-01")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=send).click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label(deciding)).to_be_checked()
    expect(page.get_by_label(when)).to_have_value("2020-01-01")
    page.close()
