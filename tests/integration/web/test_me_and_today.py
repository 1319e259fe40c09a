"""One's own pages: what one has before oneself today, and how one hears of it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from engage.db.session import Database
from engage.staff import sessions
from engage.staff.people import add_person
from engage.staff.reaching import NEWS, reach_of, set_reach
from engage.staff.tables import Absence, Reach, StaffMember
from engage.tasks.raising import NewTask, raise_tasks
from engage.testing import MONDAY, FrozenClock, make_account, make_contact
from tests.support.site import installation, make_approval, site

FORM = {
    "locale": "en", "time_zone": "Europe/London", "country": "", "opens": "08:00", "closes": "16:30", "slack": "sato",
    "slack_is_own": "yes", "has_digest": "yes", "digest_at": "07:45", "stand_in_id": "",
    **{f"channel.{news}": "mail" for news in NEWS},
}  # fmt: skip


class Me:
    """Sato's browser, and Ito who may stand in."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database = database
        with database.transaction() as session:
            sato = add_person(session, email="sato@engage.example", role="csm", family_name="佐藤", now=MONDAY)
            ito = add_person(session, email="ito@engage.example", role="csm", family_name="伊藤", now=MONDAY)
            token = sessions.log_in(session, sato.id, old_token=None, now=MONDAY)
            self.id, self.ito = sato.id, ito.id
        app = site(installation(database, FrozenClock(), home, slack={"sato": "https://slack.example/1"}))
        self.client: FlaskClient = app.test_client()
        self.client.set_cookie("engage", token)

    def page(self, path: str) -> str:
        return unescape(self.client.get(f"/console/{path}").text)

    def send(self, path: str, **fields: Any) -> Any:
        found = re.search(r'name="csrf_token" value="([^"]*)"', self.page("me"))
        assert found is not None
        return self.client.post(f"/console/{path}", data={"csrf_token": found[1], **fields})


@pytest.fixture
def me(database: Database, tmp_path: Path) -> Me:
    return Me(database, tmp_path)


def test_what_the_form_says_is_kept_and_shown_again(me: Me) -> None:
    done = me.send("me", **{**FORM, "stand_in_id": str(me.ito), "channel.task_raised": "slack"})
    assert (done.status_code, done.location) == (303, "/console/me?notice=me")
    with me.database.reading() as session:
        reach, member = session.get_one(Reach, me.id), session.get_one(StaffMember, me.id)

    assert (member.locale, member.time_zone, reach.country) == ("en", "Europe/London", None)
    assert (reach.opens, reach.closes, reach.digest_at) == ("08:00", "16:30", "07:45")
    assert (reach.slack, reach.slack_is_own, reach.stand_in_id) == ("sato", True, me.ito)
    assert reach.channels["task_raised"] == "slack" and reach.channels["approval_asked"] == "mail"
    page = me.page("me?notice=me")
    assert '<html lang="en"' in page and "Saved." in page and 'value="Europe/London" selected' in page


def test_a_digest_that_is_not_ticked_is_off(me: Me) -> None:
    me.send("me", **{name: value for name, value in FORM.items() if name != "has_digest"})
    with me.database.reading() as session:
        assert reach_of(session, me.id).digest_at is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"opens": "19:00"}, "始業は終業より前"),
        ({"time_zone": "Mars"}, "タイムゾーンを選んで"),
        ({"country": "QQ"}, "2文字の記号"),
        ({"slack": "", "channel.digest": "slack"}, "Slackの送り先を選んで"),
        ({"stand_in_id": "999"}, "ほかの人を選んで"),
    ],
)
def test_what_cannot_be_is_told_and_what_was_typed_stays(me: Me, said: dict[str, str], words: str) -> None:
    answer = me.send("me", **{**FORM, **said})

    assert answer.status_code == 400 and words in answer.text
    assert 'value="16:30"' in answer.text and 'value="07:45"' in answer.text
    with me.database.reading() as session:
        assert session.get(Reach, me.id) is None
        assert session.get_one(StaffMember, me.id).locale == "ja"


def test_absences_are_added_and_taken_back(me: Me) -> None:
    wrong = me.send("me/absences", first_day="2026-12-28", last_day="2026-12-01")
    assert wrong.status_code == 400 and "最後の日は最初の日以降" in wrong.text
    assert me.send("me/absences", first_day="", last_day="2026-12-01").status_code == 400
    assert me.send("me/absences", first_day="2026-12-28", last_day="2027-01-04").status_code == 303
    with me.database.reading() as session:
        absence = session.scalars(select(Absence)).one()
    assert (absence.first_day, absence.last_day) == (date(2026, 12, 28), date(2027, 1, 4))
    assert "2026年12月28日から2027年1月4日" in me.page("me")

    assert me.send(f"me/absences/{absence.id}/forget").status_code == 303
    assert me.send(f"me/absences/{absence.id}/forget").status_code == 400
    assert me.send("me/absences/x/forget").status_code == 400


def test_the_first_page_shows_ones_day_with_links_to_each(me: Me) -> None:
    assert me.client.get("/console/").location == "/console/today"
    assert "今すぐ対応が必要なことはありません" in me.page("today")
    with me.database.transaction() as session:
        account = make_account(session, "minato", name="株式会社ミナト商事")
        contact = make_contact(session, account, "tanaka", family_name="田中")
        asked = make_approval(session, contact, session.get(StaffMember, me.id), account_id=account.id)
        title = {"ja": "電話する", "en": "Call"}
        task = NewTask(key="t", account_id=account.id, title=title, reason="step", staff_id=me.id, due_at=MONDAY)
        raise_tasks(session, [task], now=MONDAY)
        public_id = asked.public_id
    page = me.page("today")

    assert f"/console/approvals/{public_id}" in page and "電話する" in page and "/console/tasks#task_" in page
    assert 'id="task_' in me.page("tasks")


def test_ones_list_holds_what_one_stands_in_for(me: Me) -> None:
    with me.database.transaction() as session:
        ito = session.get_one(StaffMember, me.ito)
        set_reach(session, ito, stand_in_id=me.id)
        contact = make_contact(session, make_account(session), "tanaka", family_name="田中")
        asked = make_approval(session, contact, ito).public_id
    assert asked not in me.page("approvals")
    with me.database.transaction() as session:
        session.add(Absence(staff_id=me.ito, first_day=MONDAY.date(), last_day=MONDAY.date() + timedelta(days=1)))

    assert asked in me.page("approvals")
