"""The console as a browser meets it: the door, the forms, the very mail, and two people who decide at once."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from engage.db.session import Database
from engage.journeys.tables import Enrolment, StepRun
from engage.messages.policy.order import POLICIES
from engage.messages.tables import Approval, GateCheck, Message
from engage.releases.tables import PausedPlaybook, PlaybookVersion, Release
from engage.staff import sessions
from engage.staff.passwords import hash_password
from engage.staff.people import add_person
from engage.staff.tables import AuditEntry, StaffMember
from engage.tasks.listing import ListedTask, list_tasks
from engage.tasks.raising import NewTask, raise_tasks
from engage.testing import MONDAY, FrozenClock, make_account, make_contact
from engage.web.app import create_app
from engage.web.console.blueprint import OPEN_ENDPOINTS
from tests.support.forms import hidden_fields
from tests.support.site import installation, make_approval, site

PASSWORD = "a quiet morning in Kyoto"
PLAYBOOK = """
playbook: renewal
title: {ja: 契約更新のご案内, en: Renewal}
stage: contract
subject: account
should_feel: {ja: 安心できる, en: safe}
trigger: {event: contract.renewed}
to: [champion]
topic: contract
steps:
  - email: renewal/value
    id: value
"""


@cache
def kept_password() -> str:
    """The hash of everybody's password, made once: making one is slow on purpose."""
    return hash_password(PASSWORD)


class Desk:
    """The browser of one colleague."""

    def __init__(self, app: Flask, database: Database, clock: FrozenClock) -> None:
        self.database, self.clock, self.client = database, clock, app.test_client()

    def enter(self, email: str) -> None:
        """Logged in without the login form."""
        with self.database.transaction() as session:
            member = session.scalars(select(StaffMember).where(StaffMember.email == email)).one()
            token = sessions.log_in(session, member.id, old_token=None, now=self.clock.now())
        self.client.set_cookie("engage", token)

    def page(self, path: str) -> str:
        return self.client.get(f"/console{path}").text

    def send(self, path: str, *, seen: str | None = None, **fields: Any) -> Any:
        """Submits the form that `seen` (or the page itself) shows, with its hidden fields."""
        shown = seen if seen is not None else self.page(path)
        return self.client.post(f"/console{path}", data={**hidden_fields(shown), **fields})


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Flask:
    """The console with a CSM, her leader, and a colleague."""
    with database.transaction() as session:
        for email, role, name in (("sato", "csm", "佐藤"), ("mori", "leader", "森"), ("kato", "csm", "加藤")):
            member = add_person(session, email=f"{email}@engage.example", role=role, family_name=name, now=MONDAY)
            member.password_hash = kept_password()
    return site(installation(database, FrozenClock(), tmp_path))


@pytest.fixture
def desk(app: Flask, database: Database) -> Desk:
    """Sato, logged in."""
    desk = Desk(app, database, FrozenClock())
    desk.enter("sato@engage.example")
    return desk


@pytest.fixture
def leader(app: Flask, database: Database) -> Desk:
    """Her leader, logged in at another browser."""
    leader = Desk(app, database, FrozenClock())
    leader.enter("mori@engage.example")
    return leader


@pytest.fixture
def asked(database: Database) -> str:
    """The id of a mail that waits for Sato."""
    with database.transaction() as session:
        account = make_account(session, "minato", name="株式会社ミナト商事")
        contact = make_contact(session, account, "tanaka", family_name="田中", given_name="健一")
        sato = session.scalars(select(StaffMember).where(StaffMember.email == "sato@engage.example")).one()
        return make_approval(session, contact, sato, account_id=account.id).public_id


def approval_of(database: Database, public_id: str) -> tuple[Approval, Message]:
    with database.reading() as session:
        approval = session.scalars(select(Approval).where(Approval.public_id == public_id)).one()
        return approval, session.get_one(Message, approval.message_id)


# -- the door


def test_nobody_sees_a_page_without_logging_in(app: Flask, asked: str) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("console.") or rule.endpoint in OPEN_ENDPOINTS:
            continue
        path = re.sub(r"<[^>]+>", asked, rule.rule)
        for method in rule.methods & {"GET", "POST"} if rule.methods else ():
            answer = client.open(path, method=method)
            assert (answer.status_code, answer.location.split("?")[0]) == (303, "/console/login"), path


def test_the_login_leads_back_to_where_one_wanted_to_go(app: Flask, asked: str) -> None:
    client = app.test_client()
    door = client.get(f"/console/approvals/{asked}").location
    answer = client.post(door, data={"email": "sato@engage.example", "password": PASSWORD})

    assert answer.location == f"/console/approvals/{asked}"


def test_a_wrong_password_says_no_more_than_that(app: Flask) -> None:
    client = app.test_client()
    wrong = client.post("/console/login", data={"email": "sato@engage.example", "password": "x"})
    unknown = client.post("/console/login", data={"email": "who@engage.example", "password": "x"})

    assert wrong.status_code == unknown.status_code == 403
    assert wrong.text.replace("sato@", "") == unknown.text.replace("who@", "")
    assert "Set-Cookie" not in wrong.headers


def test_the_cookie_is_out_of_reach_and_new_at_every_login(app: Flask) -> None:
    client = app.test_client()
    cookies = []
    for _ in range(2):
        client.post("/console/login", data={"email": "sato@engage.example", "password": PASSWORD})
        cookie = client.get_cookie("engage")
        assert cookie is not None and cookie.http_only and cookie.same_site == "Lax"
        cookies.append(cookie.value)

    assert cookies[0] != cookies[1]
    client.set_cookie("engage", cookies[0])
    assert client.get("/console/approvals").status_code == 303


def test_behind_https_the_cookie_is_bound_to_the_host(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        member = add_person(session, email="sato@engage.example", role="csm", family_name="佐藤", now=MONDAY)
        member.password_hash = kept_password()
    engage = installation(database, FrozenClock(), tmp_path, public_url="https://engage.example")
    answer = site(engage).test_client().post(
        "/console/login", data={"email": "sato@engage.example", "password": PASSWORD}, base_url="https://engage.example"
    )  # fmt: skip

    said = answer.headers["Set-Cookie"]
    assert said.startswith("__Host-engage=") and "Secure" in said and "Path=/" in said and "Domain" not in said
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_logging_out_ends_the_session_for_good(desk: Desk) -> None:
    cookie = desk.client.get_cookie("engage")
    desk.send("/logout", seen=desk.page("/approvals"))
    assert cookie is not None
    desk.client.set_cookie("engage", cookie.value)

    assert desk.client.get("/console/approvals").status_code == 303


# -- forged forms


def test_the_front_door_leads_to_the_console(database: Database, tmp_path: Path) -> None:
    client = create_app(installation(database, FrozenClock(), tmp_path)).test_client()
    assert client.get("/", follow_redirects=True).request.path == "/console/login"


@pytest.mark.parametrize("token", ["", "x", "é"])
def test_a_form_without_the_right_token_changes_nothing(desk: Desk, database: Database, asked: str, token: str) -> None:
    fields = {**hidden_fields(desk.page(f"/approvals/{asked}")), "csrf_token": token}
    answer = desk.client.post(f"/console/approvals/{asked}/approve", data=fields)

    assert answer.status_code == 403
    assert approval_of(database, asked)[0].state == "pending"


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}]
)
def test_a_form_from_another_site_changes_nothing(
    desk: Desk, database: Database, asked: str, headers: dict[str, str]
) -> None:
    fields = hidden_fields(desk.page(f"/approvals/{asked}"))
    answer = desk.client.post(f"/console/approvals/{asked}/approve", data=fields, headers=headers)
    login = desk.client.post(
        "/console/login", data={"email": "kato@engage.example", "password": PASSWORD}, headers=headers
    )

    assert answer.status_code == login.status_code == 403
    assert approval_of(database, asked)[0].state == "pending"


def test_every_page_has_strict_headers_and_is_kept_nowhere(desk: Desk) -> None:
    answer = desk.client.get("/console/approvals")

    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("locale", ["ja", "en"])
def test_no_page_asks_another_host_for_anything(desk: Desk, asked: str, locale: str) -> None:
    desk.client.set_cookie("engage_locale", locale)
    for path in ("/approvals?show=all", f"/approvals/{asked}", f"/approvals/{asked}/edit", "/tasks"):
        page = desk.page(path)
        assert f'lang="{locale}"' in page
        assert re.findall(r'(?:src|href|action)="(?!/|#|\?)[^"]*"', page) == []
        assert "<script" not in page and " style=" not in page


# -- the mail and its reasons


def test_the_list_tells_whose_message_it_is_and_how_long_there_is(desk: Desk, asked: str) -> None:
    page = desk.page("/approvals")

    assert "株式会社ミナト商事" in page and "田中様へ" in page and "20 時間後" in page


def test_mine_and_everyones_are_told_apart(leader: Desk, asked: str) -> None:
    assert asked not in leader.page("/approvals")
    assert asked in leader.page("/approvals?show=all")


def test_the_page_shows_the_very_mail_and_everybody_it_goes_to(desk: Desk, asked: str) -> None:
    page = desk.page(f"/approvals/{asked}")

    assert "田中様へ" in page and "sato@engage.example" in page and "tanaka@customer.example" in page
    assert '<iframe title="メールの表示" sandbox src="' in page
    assert "いつもご利用いただき、ありがとうございます。" in page  # the text part


def test_the_mail_stands_in_a_frame_that_can_do_nothing(desk: Desk, asked: str) -> None:
    answer = desk.client.get(f"/console/approvals/{asked}/mail")
    policy = answer.headers["Content-Security-Policy"]

    assert "田中 様" in answer.text
    assert policy.startswith("sandbox;") and "default-src 'none'" in policy and "script-src" not in policy


def test_the_reasons_are_read_from_the_journal(desk: Desk, database: Database, asked: str) -> None:
    with database.transaction() as session:
        plan = {"type": "text", "title": {"ja": "ご契約プラン", "en": "Plan"}}
        release = Release(created_at=MONDAY, author="x", vocabulary={"facts": {"account.plan": plan}}, playbooks={})
        session.add(release)
        session.flush()
        version = PlaybookVersion(
            key="renewal", version=1, release_id=release.id, file="renewal.yaml", source=PLAYBOOK, sha="s",
            templates={}, created_at=MONDAY,
        )  # fmt: skip
        session.add(version)
        session.flush()
        approval = session.scalars(select(Approval)).one()
        message = session.get_one(Message, approval.message_id)
        enrolment = Enrolment(
            public_id="enr_1", playbook_key="renewal", playbook_version_id=version.id, subject_kind="account",
            subject_id=1, occurrence="once", trigger={"event": {"name": "contract.renewed"}}, entered_at=MONDAY,
        )  # fmt: skip
        session.add(enrolment)
        session.flush()
        message.origin, message.origin_id, message.step_id = "enrolment", enrolment.id, "value"
        session.add(
            StepRun(
                enrolment_id=enrolment.id, step_id="value", visit=1, decided_at=MONDAY, decision="ordered",
                inputs={"contract": {"ends_on": "2027-03-31"}, "account.touch_model": "high", "account.plan": "gold"},
            )
        )  # fmt: skip
        session.add(
            GateCheck(
                message_id=message.id, at=MONDAY, phase="ask", verdict="hold", policy="sending_hours",
                reason="closed_hours", until=MONDAY + timedelta(hours=1),
            )
        )  # fmt: skip
    page = desk.page(f"/approvals/{asked}")

    for said in ("契約更新のご案内", "安心できる", "contract.renewed", "contract.ends_on", "2027年3月31日", "high"):
        assert said in page
    assert '<span title="account.plan">ご契約プラン</span>' in page  # as the team calls its own fact
    before = [name for name, _ in POLICIES].index("sending_hours")
    assert page.count('<li class="allow">') == before and page.count('<li class="hold">') == 1
    assert "営業時間になるまで待っています" in page and "一時停止中です" not in page
    with database.transaction() as session:
        session.add(PausedPlaybook(playbook_key="renewal", since=MONDAY, by="cli:test", reason=""))
    assert "から一時停止中です" in desk.page(f"/approvals/{asked}")


# -- deciding


def test_approving_sends_exactly_what_was_shown(desk: Desk, database: Database, asked: str) -> None:
    answer = desk.send(f"/approvals/{asked}/approve", seen=desk.page(f"/approvals/{asked}"))

    assert answer.location == "/console/approvals?notice=approved"
    assert desk.client.get(f"/console/approvals/{asked}/edit").location == f"/console/approvals/{asked}"
    approval, message = approval_of(database, asked)
    assert (approval.state, message.state) == ("approved", "queued")
    assert message.html is not None and message.sha is not None
    assert "承認しました" in desk.page("/approvals?notice=approved")


def test_rejecting_needs_a_reason_and_keeps_it(desk: Desk, database: Database, asked: str) -> None:
    seen = desk.page(f"/approvals/{asked}")
    assert "送らない理由を書いてください" in desk.send(f"/approvals/{asked}/reject", seen=seen, reason="  ").text

    desk.send(f"/approvals/{asked}/reject", seen=seen, reason="昨日お電話でお話ししたため")

    approval, message = approval_of(database, asked)
    assert (approval.state, approval.reason) == ("rejected", "昨日お電話でお話ししたため")
    assert message.state == "cancelled"
    assert "昨日お電話でお話ししたため" in desk.page(f"/approvals/{asked}")


def test_an_edit_changes_the_mail_and_the_text_part_alike(desk: Desk, database: Database, asked: str) -> None:
    form = desk.page(f"/approvals/{asked}/edit")
    parts = re.findall(r'name="(part-\d+)"[^>]*>([^<]*)<', form)
    name = next(name for name, text in parts if "いつも" in text)
    answer = desk.send(f"/approvals/{asked}/edit", seen=form, subject="お礼", **{name: "先日は<b>ありがとう</b>"})

    assert answer.location.endswith("notice=edited")
    page = desk.page(f"/approvals/{asked}")
    mail = desk.page(f"/approvals/{asked}/mail")
    assert "お礼" in page and "先日は&lt;b&gt;ありがとう" in page and "編集済み" in page
    assert "先日は&lt;b&gt;ありがとう&lt;/b&gt;" in mail and "いつもご利用" not in mail
    with database.reading() as session:
        actions = list(session.scalars(select(AuditEntry.action)))
    assert "approval.edited" in actions


def test_a_line_break_in_a_subject_cannot_become_a_header(desk: Desk, database: Database, asked: str) -> None:
    desk.send(f"/approvals/{asked}/edit", subject="お礼\r\nBcc: x@evil.example")

    subject = approval_of(database, asked)[1].subject
    assert subject is not None and "\r" not in subject and "\n" not in subject


def test_an_empty_subject_is_refused_and_the_typed_text_is_kept(desk: Desk, asked: str) -> None:
    answer = desk.send(f"/approvals/{asked}/edit", **{"subject": " ", "part-0": "書きかけの文"})

    assert answer.status_code == 400 and "書きかけの文" in answer.text


def test_who_comes_second_is_told_and_changes_nothing(desk: Desk, leader: Desk, database: Database, asked: str) -> None:
    seen = desk.page(f"/approvals/{asked}")
    leader.send(f"/approvals/{asked}/reject", seen=leader.page(f"/approvals/{asked}"), reason="別件で対応中")

    answer = desk.send(f"/approvals/{asked}/approve", seen=seen)

    assert answer.status_code == 409
    assert "あなたの操作の前に" in answer.text and "森" in answer.text and "別件で対応中" in answer.text
    assert approval_of(database, asked)[0].state == "rejected"


def test_an_approval_of_a_text_that_was_changed_meanwhile_is_asked_again(
    desk: Desk, leader: Desk, database: Database, asked: str
) -> None:
    seen = desk.page(f"/approvals/{asked}")
    leader.send(f"/approvals/{asked}/edit", subject="別の件名")

    answer = desk.send(f"/approvals/{asked}/approve", seen=seen)
    assert answer.status_code == 409 and "文面が変更されました" in answer.text and "別の件名" in answer.text
    assert approval_of(database, asked)[0].state == "pending"


def test_a_text_written_at_the_same_time_is_shown_not_lost(desk: Desk, leader: Desk, asked: str) -> None:
    form = desk.page(f"/approvals/{asked}/edit")
    leader.send(f"/approvals/{asked}/edit", subject="別の件名")

    answer = desk.send(f"/approvals/{asked}/edit", seen=form, subject="私の件名")
    assert answer.status_code == 409 and "私の件名" in answer.text

    assert desk.send(f"/approvals/{asked}/edit", seen=answer.text, subject="私の件名").status_code == 303


def test_a_colleague_who_was_not_asked_may_read_but_not_decide(app: Flask, database: Database, asked: str) -> None:
    kato = Desk(app, database, FrozenClock())
    kato.enter("kato@engage.example")

    answer = kato.send(f"/approvals/{asked}/approve", seen=kato.page(f"/approvals/{asked}"))

    assert "依頼された担当者と責任者だけ" in answer.text
    assert approval_of(database, asked)[0].state == "pending"


def test_a_mail_that_cannot_be_made_says_why_and_cannot_be_approved(desk: Desk, database: Database) -> None:
    with database.transaction() as session:
        contact = make_contact(session, None, "ito")
        sato = session.scalars(select(StaffMember).where(StaffMember.email == "sato@engage.example")).one()
        broken = make_approval(session, contact, sato, inputs={}).public_id
    page = desk.page(f"/approvals/{broken}")

    assert "contact.family_name" in page and '<button class="primary" disabled>' in page


def test_an_unknown_approval_is_a_page_not_a_stack(desk: Desk) -> None:
    answer = desk.client.get("/console/approvals/apr_nothing")

    assert answer.status_code == 404 and "見つかりません" in answer.text


# -- tasks and choices


def test_a_task_is_done_once(desk: Desk, database: Database) -> None:
    with database.transaction() as session:
        title = {"ja": "電話する", "en": "Call"}
        task = NewTask(key="t", account_id=None, title=title, reason="step", due_at=MONDAY - timedelta(hours=2))
        raise_tasks(session, [task], now=MONDAY)
    page = desk.page("/tasks")
    done = re.search(r'action="/console(/tasks/[^"]+/done)"', page)
    assert done is not None and "電話する" in page and "期限超過" in page

    assert desk.send(done[1], seen=page, outcome="お話しできた").location == "/console/tasks?notice=done"
    assert desk.send(done[1], seen=page).status_code == 409
    assert "電話する" not in desk.page("/tasks")


def test_a_form_is_filled_in(desk: Desk, database: Database) -> None:
    label = {"ja": "議事録の場所", "en": "Where the minutes are"}
    fields = [{"name": "url", "type": "text", "label": label, "needed": True}]
    with database.transaction() as session:
        title = {"ja": "議事録", "en": "Minutes"}
        raise_tasks(
            session,
            [NewTask(key="f", account_id=None, title=title, reason="form", due_at=MONDAY, fields=fields)],
            now=MONDAY,
        )
    page = desk.page("/tasks")
    done = re.search(r'action="/console(/tasks/[^"]+/done)"', page)
    assert done is not None and "議事録の場所" in page and 'name="field.url"' in page

    assert desk.send(done[1], seen=page).status_code == 400
    assert desk.send(done[1], seen=page, **{"field.url": "https://x.example"}).status_code == 303
    assert list_tasks_of(database)[0].answers == {"url": "https://x.example"}


def list_tasks_of(database: Database) -> list[ListedTask]:
    with database.reading() as session:
        return list_tasks(session, now=MONDAY, state=None)


def test_language_and_colours_are_chosen_and_kept(desk: Desk) -> None:
    page = desk.page("/tasks")
    answer = desk.client.post("/console/choose", data={**hidden_fields(page), "locale": "en"})
    assert answer.location == "/console/tasks"
    desk.client.post("/console/choose", data={**hidden_fields(page), "theme": "dark", "back": "https://evil.example/"})

    page = desk.page("/tasks")
    assert '<html lang="en" data-theme="dark">' in page and "There is nothing for you to do" in page


def test_a_visitor_gets_the_language_of_the_browser(app: Flask) -> None:
    client = app.test_client()

    assert 'lang="en"' in client.get("/console/login", headers={"Accept-Language": "en-GB,en;q=0.8"}).text
    assert 'lang="ja"' in client.get("/console/login").text
