"""From a letter to the customer's mail: by SMTP to the CSM, past a scanner, in a browser, by SMTP to the customer."""

from __future__ import annotations

import email
import email.policy
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from engage.channels.calls.endpoints import Calls
from engage.channels.email.opening import open_channel
from engage.db.session import Database
from engage.messages import approvals as desk
from engage.messages.links import Links
from engage.messages.tables import Approval
from engage.testing import MONDAY, FrozenClock
from engage.worker.rounds import Parts, Rounds
from tests.integration.messages.office import AT_ONCE
from tests.integration.messages.scene import Cast, play, propose
from tests.servers.running import Running, smtp_sink
from tests.support.serving import served
from tests.support.site import SECRET, installation, site


class Post:
    """An installation with a real mail server before it and a site behind it; Sato is asked about one mail."""

    def __init__(self, database: Database, home: Path, url: str, smtp: Running, kept: Path) -> None:
        self.database, self.kept, self.url = database, kept, url
        self.clock = FrozenClock(MONDAY)
        self.cast: Cast = play(database)
        self.approval = propose(database, self.cast)
        self.here = installation(database, self.clock, home)
        settings = replace(self.here.settings, email_url=f"smtp://127.0.0.1:{smtp.port}")
        self.channel = open_channel(settings)
        parts = Parts(database, self.here.library, Links(SECRET, url), self.clock, self.channel, Calls())
        self.rounds = Rounds(parts)

    def work(self) -> None:
        for kind in ("telling", "notices", "deliver"):
            self.rounds.run(kind)

    def mails(self) -> list[EmailMessage]:
        files = sorted(self.kept.glob("*.eml"), key=lambda path: int(path.stem))
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files]

    def letter(self) -> EmailMessage:
        self.clock.move_to(MONDAY + AT_ONCE)
        self.work()
        (mail,) = self.mails()
        return mail

    def state(self) -> str:
        with self.database.reading() as session:
            return session.scalars(select(Approval.state)).one()


@pytest.fixture
def post(database: Database, tmp_path: Path) -> Iterator[Post]:
    kept = tmp_path / "kept"
    kept.mkdir()
    with ExitStack() as stack:
        smtp = stack.enter_context(smtp_sink(tmp_path / "smtp.log", "--keep", str(kept)))
        url = stack.enter_context(served(site(installation(database, FrozenClock(MONDAY + AT_ONCE), tmp_path))))
        post = Post(database, tmp_path, url, smtp, kept)
        stack.callback(post.channel.close)
        yield post


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def urls_in(mail: EmailMessage) -> set[str]:
    found = re.findall(r'href="([^"]+)"', part(mail, "html")) + re.findall(r"https?://\S+", part(mail, "plain"))
    return {url.replace("&amp;", "&") for url in found}


def fetch(url: str, method: str) -> str:
    """What a scanner gets; it follows redirects, has no cookies and looks like no browser."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=30) as answer:
            return str(answer.read().decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        with error:
            return error.reason


def test_the_csm_approves_from_a_mail_that_a_scanner_has_read_before(post: Post, browser: Any) -> None:
    mail = post.letter()
    assert (mail["to"].addresses[0].addr_spec, mail["from"].addresses[0].addr_spec) == (
        "sato@sample.example",
        "team@sample.example",
    )
    assert mail["subject"] == "【承認のお願い】株式会社青葉 / 株式会社青葉様のご利用状況"
    assert mail["auto-submitted"] == "auto-generated"

    urls = urls_in(mail)
    pages = [fetch(url, method) for url in urls for method in ("GET", "HEAD")]
    deeper = {url for page in pages for url in re.findall(r'(?:href|src|action)="(/[^"]*)"', page)}
    for path in deeper:
        fetch(post.url + path.replace("&amp;", "&"), "GET")
    assert len(urls) >= 4 and len(deeper) >= 4
    assert post.state() == "pending" and len(post.mails()) == 1

    page = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}).new_page()
    page.goto(next(url for url in urls if "/decide/" in url and "?" not in url))
    expect(page.get_by_role("heading", name="株式会社青葉様のご利用状況")).to_be_visible()
    expect(page.frame_locator("iframe").get_by_text("1,200名にお使いいただいています")).to_be_visible()
    page.get_by_role("button", name="承認して送る").click()
    expect(page.get_by_role("status")).to_contain_text("Satoさんが2026年11月16日(月) 10:03に決定しました")
    assert page.get_by_role("button").count() == 0
    assert page.context.cookies() == []
    page.goto(f"{post.url}/console/today")
    assert "/console/login" in page.url
    page.context.close()

    post.work()
    to_customer = post.mails()[-1]
    assert to_customer["to"].addresses[0].addr_spec == "aiko@customer.example" and len(post.mails()) == 2


def test_the_other_link_opens_the_form_that_says_why_not(post: Post, browser: Any) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(next(url for url in urls_in(post.letter()) if url.endswith("?answer=no")))
    page.get_by_label("送らない理由").fill("昨日お電話でお話ししたため")
    page.get_by_role("button", name="送らないことに決める").click()

    expect(page.get_by_role("status")).to_contain_text("昨日お電話でお話ししたため")
    assert post.state() == "rejected"
    page.context.close()


def test_what_was_changed_while_the_page_was_open_is_shown_and_asked_again(post: Post, browser: Any) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(next(url for url in urls_in(post.letter()) if "/decide/" in url))
    with post.database.transaction() as session:
        said: Any = {"links": post.here.links, "by": post.cast.leader, "version": 1, "subject": "別の件名"}
        desk.edit(session, post.here.library, post.approval, now=MONDAY, **said)
    page.get_by_role("button", name="承認して送る").click()

    expect(page.get_by_role("alert")).to_contain_text("もう一度決めてください")
    expect(page.get_by_role("heading", name="別の件名")).to_be_visible()
    assert post.state() == "pending"
    page.get_by_role("button", name="承認して送る").click()
    expect(page.get_by_role("status")).to_contain_text("Satoさん")
    assert post.state() == "approved"
    page.context.close()
