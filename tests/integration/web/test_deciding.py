"""The page behind a deciding link: a GET changes nothing, a POST decides once, for one colleague and one mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, select, text

from engage.db.session import Database
from engage.messages import approvals as desk
from engage.messages.links import Asked
from engage.messages.tables import Approval, Message
from engage.staff.people import person
from engage.staff.reaching import set_reach
from engage.staff.tables import AuditEntry, ConsoleSession
from engage.testing import MONDAY, FrozenClock
from engage.wiring import Engage
from tests.integration.messages.scene import Cast, approval_of, play, propose
from tests.support.site import installation, site

FROM_A_PAGE = {"Sec-Fetch-Site": "same-origin"}


class Desk:
    """A mail that waits for Sato, and the site behind the links."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database, self.clock = database, FrozenClock()
        self.engage: Engage = installation(database, self.clock, home)
        self.cast: Cast = play(database)
        self.approval = propose(database, self.cast)
        self.app: Flask = site(self.engage)
        self.client = self.app.test_client()

    def path(self, staff: str = "stf_sato", approval: str | None = None) -> str:
        """The link as a letter has it."""
        asked = approval or self.approval
        until = approval_of(self.database, asked).expires_at
        return self.engage.links.decision_url(Asked(asked, staff, until)).removeprefix(self.engage.links.public_url)

    def seen(self, path: str) -> dict[str, str]:
        """What the forms of the page hand back."""
        page = self.client.get(path).text
        return dict(re.findall(r'name="(version|sha)" value="([^"]*)"', page))

    def send(self, path: str, answer: str, said: dict[str, str], headers: Any = None) -> Any:
        return self.client.post(f"{path}/{answer}", data=said, headers=headers or FROM_A_PAGE)

    def state(self) -> str:
        return approval_of(self.database, self.approval).state

    def everything(self) -> dict[str, list[Any]]:
        """Every row of every table."""
        with self.database.engine.connect() as connection:
            names = inspect(connection).get_table_names()
            return {name: connection.execute(text(f'SELECT * FROM "{name}"')).all() for name in names}


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Desk]:
    yield Desk(database, tmp_path)


def test_the_very_mail_is_shown_with_whose_it_is_and_by_when(office: Desk) -> None:
    path = office.path()
    page, mail = office.client.get(path), office.client.get(f"{path}/mail")

    assert page.status_code == 200 and '<html lang="ja"' in page.text
    for said in ("株式会社青葉様のご利用状況", "Satoさんへの承認のお願い", "2026年11月18日(水) 10:00", "承認して送る"):
        assert said in page.text
    assert "1,200名にお使いいただいています" in mail.text
    assert "sandbox" in mail.headers["Content-Security-Policy"].split("; ")
    assert page.headers["Cache-Control"] == mail.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex"


def test_whoever_follows_every_link_of_it_changes_nothing(office: Desk) -> None:
    path = office.path()
    before = office.everything()
    links = re.findall(r'(?:href|src|action)="([^"]+)"', office.client.get(path).text.replace("&amp;", "&"))
    for method in ("GET", "HEAD", "OPTIONS"):
        for link in {path, f"{path}?answer=no", f"{path}/mail", f"{path}/approve", f"{path}/reject", *links}:
            office.client.open(link, method=method).close()

    assert len(links) > 4
    assert office.everything() == before


def test_a_post_approves_exactly_what_was_shown_and_opens_no_session(office: Desk) -> None:
    path = office.path()
    done = office.send(path, "approve", office.seen(path))

    assert (done.status_code, done.location) == (303, path)
    assert "Set-Cookie" not in done.headers
    with office.database.reading() as session:
        assert session.scalars(select(Message.state)).one() == "queued"
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.actor, entry.action, entry.detail) == ("stf_sato", "approval.approved", {"via": "link"})
        assert session.scalars(select(ConsoleSession)).all() == []


def test_a_rejection_needs_a_reason(office: Desk) -> None:
    path = office.path()
    assert '<details class="reject" open>' in office.client.get(f"{path}?answer=no").text
    again = office.send(path, "reject", {**office.seen(path), "reason": " "})
    assert again.status_code == 409 and "送らない理由を書いてください" in again.text
    done = office.send(path, "reject", {**office.seen(path), "reason": "お電話で済みました"})

    assert done.status_code == 303 and office.state() == "rejected"
    assert "お電話で済みました" in office.client.get(path).text


def test_after_the_decision_the_link_only_says_who_decided_and_when(office: Desk) -> None:
    path, seen = office.path(), office.seen(office.path())
    with office.database.transaction() as session:
        desk.reject(session, office.approval, by=office.cast.leader, reason="not now", now=MONDAY)
    page = office.client.get(path)
    late = office.send(path, "approve", seen)

    assert "Moriさんが2026年11月16日(月) 10:00に決定しました" in page.text and "<button" not in page.text
    assert late.status_code == 409 and "Moriさんが" in late.text
    assert office.state() == "rejected"


def test_an_edit_meanwhile_is_shown_and_asked_about_again(office: Desk) -> None:
    path, seen = office.path(), office.seen(office.path())
    with office.database.transaction() as session:
        said: Any = {"links": office.engage.links, "by": office.cast.leader, "version": 1, "subject": "別の件名"}
        desk.edit(session, office.engage.library, office.approval, now=MONDAY, **said)
    refused = office.send(path, "approve", seen)

    assert refused.status_code == 409 and "別の件名" in refused.text and "もう一度決めてください" in refused.text
    assert office.state() == "pending"
    assert office.send(path, "approve", office.seen(path)).status_code == 303


def test_the_link_ends_with_the_time_to_decide(office: Desk) -> None:
    path, seen = office.path(), office.seen(office.path())
    office.clock.move(timedelta(days=2))
    page = office.client.get(path)

    assert "このリンクの期限は過ぎました" in page.text and "<button" not in page.text
    assert office.send(path, "approve", seen).status_code == 409
    assert office.state() == "pending"


def test_what_was_passed_on_is_decided_by_the_next_ones_link(office: Desk) -> None:
    first, seen = office.path(), office.seen(office.path())
    office.clock.move(timedelta(days=2))
    with office.database.transaction() as session:
        desk.expire_approvals(session, office.engage.library, now=office.clock.now())

    assert "現在の承認者はMori" in office.client.get(first).text
    assert office.send(first, "approve", seen).status_code == 409
    second = office.path("stf_mori")
    assert office.send(second, "approve", office.seen(second)).status_code == 303


def test_a_link_of_somebody_who_is_not_asked_decides_nothing(office: Desk) -> None:
    for staff in ("stf_ito", "stf_mori"):  # a leader might, in the console
        path = office.path(staff)
        assert "ほかの承認者に引き継がれました" in office.client.get(path).text
        assert office.send(path, "approve", office.seen(office.path())).status_code == 409
    assert office.state() == "pending"


def test_a_stand_ins_link_decides(office: Desk) -> None:
    with office.database.transaction() as session:
        set_reach(session, person(session, office.cast.csm), stand_in_id=office.cast.other_csm)
    path = office.path("stf_ito")

    assert "(Satoさんの代理)" in office.client.get(path).text
    assert office.send(path, "approve", office.seen(path)).status_code == 303


def test_an_executive_consents_by_link_and_the_csm_is_asked_next(office: Desk) -> None:
    approval = propose(office.database, office.cast, sender=office.cast.ceo, visit=2)
    path = office.path("stf_ono", approval)
    assert "差出人ご本人の同意が必要です" in office.client.get(path).text
    assert office.send(path, "approve", office.seen(path)).status_code == 303
    asked = approval_of(office.database, approval)

    assert (asked.state, asked.cause, asked.assignee_id) == ("pending", "touch_model", office.cast.csm)
    assert "ほかの承認者に引き継がれました" in office.client.get(path).text


@pytest.mark.parametrize("change", [lambda token: token[:-1], lambda token: "A" + token[1:], lambda token: "none"])
def test_a_link_that_is_not_ours_opens_nothing(office: Desk, change: Any) -> None:
    path = f"/decide/{change(office.path().rpartition('/')[2])}"

    assert office.client.get(path).status_code == 404
    assert office.send(path, "approve", {"version": "1"}).status_code == 404
    assert "リンクが途中で切れている" in office.client.get(path, headers={"Accept-Language": "ja"}).text


def test_a_link_of_another_kind_is_none(office: Desk) -> None:
    token = office.engage.links.unsubscribe_url("msg_x y 1").rpartition("/")[2]
    assert office.client.get(f"/decide/{token}").status_code == 404


def test_who_has_left_has_no_link(office: Desk) -> None:
    path, seen = office.path(), office.seen(office.path())
    with office.database.transaction() as session:
        person(session, office.cast.csm).is_active = False

    assert office.client.get(path).status_code == 404 and office.send(path, "approve", seen).status_code == 404
    assert office.state() == "pending"


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}]
)
def test_a_form_on_another_site_decides_nothing(office: Desk, headers: dict[str, str]) -> None:
    path = office.path()
    assert office.send(path, "approve", office.seen(path), headers).status_code == 403
    assert office.state() == "pending"


def test_the_page_speaks_the_language_of_whose_it_is(office: Desk) -> None:
    with office.database.transaction() as session:
        member = person(session, office.cast.csm)
        member.locale, member.time_zone = "en", "Europe/London"
    page = office.client.get(office.path(), headers={"Accept-Language": "ja"})

    assert '<html lang="en"' in page.text and "Wed 18 Nov 2026, 01:00" in page.text


def test_a_mail_that_cannot_be_made_is_shown_with_its_reason_and_not_approved(office: Desk) -> None:
    with office.database.transaction() as session:
        message = session.scalars(select(Message)).one()
        message.inputs = {name: value for name, value in message.inputs.items() if name != "usage"}
    page = office.client.get(office.path()).text

    assert "表示できません" in page and re.search(r'class="primary" disabled', page)
    with office.database.reading() as session:
        assert session.scalars(select(Approval.state)).one() == "pending"
