"""The console in a real browser: without a script, by keyboard, on a phone, in both languages and colours."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from engage.db.session import Database
from engage.messages.tables import Approval, Click
from engage.staff import sessions
from engage.staff.passwords import hash_password
from engage.staff.people import add_person
from engage.testing import MONDAY, FrozenClock, make_account, make_contact
from tests.support.serving import served
from tests.support.site import MAIL, installation, make_approval, site

PASSWORD = "a quiet morning in Kyoto"
ACTIVE_MAIL = MAIL.replace(
    "</body>", "<p style='color:rgb(1, 2, 3)' id='styled'>{{ contact.family_name }}</p><svg></svg></body>"
)

UNNAMED_FIELDS = """[...document.querySelectorAll("input:not([type=hidden]), textarea")]
    .filter(field => !field.labels.length && !field.ariaLabel).length"""


@cache
def kept_password() -> str:
    """The hash of the password, made once."""
    return hash_password(PASSWORD)


class Console:
    """A served console with one mail that waits for Sato."""

    def __init__(self, url: str, database: Database, browser: Any, approval_id: str, token: str) -> None:
        self.url, self.database, self.browser = f"{url}/console", database, browser
        self.approval_id, self.token = approval_id, token

    def page(self, *, entered: bool = True, cookies: dict[str, str] | None = None, **options: Any) -> Any:
        """A page of a fresh browser, logged in unless said otherwise."""
        context = self.browser.new_context(locale="ja-JP", **options)
        said = {**({"engage": self.token} if entered else {}), **(cookies or {})}
        context.add_cookies([{"name": name, "value": value, "url": self.url} for name, value in said.items()])
        return context.new_page()

    def state(self) -> str:
        with self.database.reading() as session:
            return session.scalars(select(Approval.state).where(Approval.public_id == self.approval_id)).one()

    @property
    def approval_url(self) -> str:
        return f"{self.url}/approvals/{self.approval_id}"


@pytest.fixture
def console(database: Database, browser: Any, tmp_path: Path) -> Iterator[Console]:
    with database.transaction() as session:
        sato = add_person(session, email="sato@engage.example", role="csm", family_name="佐藤", now=MONDAY)
        sato.password_hash = kept_password()
        token = sessions.log_in(session, sato.id, old_token=None, now=MONDAY)
        account = make_account(session, name="株式会社ミナト商事")
        contact = make_contact(session, account, "tanaka", family_name="田中", given_name="健一")
        asked = make_approval(session, contact, sato, account_id=account.id, html=ACTIVE_MAIL)
    with served(site(installation(database, FrozenClock(), tmp_path))) as url:
        yield Console(url, database, browser, asked.public_id, token)
        for context in browser.contexts:
            context.close()


def test_a_mail_is_approved_by_keyboard_with_scripts_switched_off(console: Console) -> None:
    page = console.page(entered=False, java_script_enabled=False)
    page.goto(console.approval_url)
    expect(page.get_by_label("メールアドレス")).to_be_focused()
    page.keyboard.type("sato@engage.example")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(console.approval_url)

    approve = page.get_by_role("button", name="承認して送る")
    approve.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**notice=approved")

    assert console.state() == "approved"
    expect(page.get_by_role("status")).to_contain_text("承認しました")


def test_a_text_is_changed_and_then_refused(console: Console) -> None:
    page = console.page()
    page.goto(console.approval_url)
    page.get_by_role("link", name="文面を編集").click()
    page.get_by_label("件名").fill("先日のお礼")
    page.get_by_role("button", name="保存して確認").click()
    expect(page.get_by_role("heading", name="先日のお礼")).to_be_visible()

    page.get_by_text("送らない", exact=True).click()
    page.get_by_label("送らない理由").fill("お電話で済みました")
    page.get_by_role("button", name="送らないことに決める").click()
    page.wait_for_url("**notice=rejected")
    assert console.state() == "rejected"


def test_the_mail_keeps_its_look_and_its_links_lead_nowhere(console: Console) -> None:
    page = console.page()
    page.goto(console.approval_url)
    mail = page.frame_locator("iframe")
    mail.get_by_text("ご報告を見る").click()

    styled = mail.locator("#styled").evaluate("node => getComputedStyle(node).color")
    assert styled == "rgb(1, 2, 3)"
    expect(mail.get_by_text("ご報告を見る")).to_be_visible()
    assert len(page.context.pages) == 1
    with console.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Click)) == 0


def test_the_mail_is_shown_as_on_a_phone_and_as_plain_text(console: Console) -> None:
    page = console.page(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    page.goto(console.approval_url)
    desktop = page.locator("iframe").bounding_box()["width"]
    page.get_by_text("スマートフォン").click()
    expect(page.locator("iframe")).to_have_css("width", "375px")
    page.get_by_text("テキスト", exact=True).click()

    assert desktop > 600
    expect(page.locator("iframe")).to_be_hidden()
    expect(page.locator("pre")).to_contain_text("いつもご利用いただき")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(("locale", "theme"), [("ja", "light"), ("en", "dark")])
def test_no_page_is_wider_than_the_screen(console: Console, width: int, locale: str, theme: str) -> None:
    page = console.page(
        viewport={"width": width, "height": 844}, cookies={"engage_locale": locale, "engage_theme": theme}
    )
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for path in (
        "approvals?show=all",
        f"approvals/{console.approval_id}",
        f"approvals/{console.approval_id}/edit",
        "tasks",
    ):
        page.goto(f"{console.url}/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 27)"
        assert dark == (theme == "dark")
    assert complaints == []


def test_every_field_has_a_name_and_every_page_one_heading(console: Console) -> None:
    page = console.page()
    for path in ("approvals", f"approvals/{console.approval_id}", f"approvals/{console.approval_id}/edit", "tasks"):
        page.goto(f"{console.url}/{path}")
        unnamed = page.evaluate(UNNAMED_FIELDS)
        assert (unnamed, page.locator("h1").count()) == (0, 1), path
