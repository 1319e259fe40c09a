"""Colleagues hear of what waits for their word: once, in their hours, many at once, and nobody who is away or gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engage.db.session import Database
from engage.messages import approvals as desk
from engage.messages.announcing import reminder_at, tell_of_approvals
from engage.messages.drafting import draft
from engage.messages.tables import Approval
from engage.releases.library import Library
from engage.releases.tables import PausedPlaybook
from engage.testing import MONDAY
from tests.integration.messages.office import AT_ONCE, Office, link_in
from tests.integration.messages.scene import CSM_APPROVES, LINKS, days, propose

ASKED_AT = MONDAY + AT_ONCE


def expire(office: Office, at: object) -> None:
    with office.database.transaction() as session:
        desk.expire_approvals(session, office.library, now=at)  # type: ignore[arg-type]


def test_who_is_asked_hears_it_once_when_the_burst_is_over(database: Database) -> None:
    office = Office(database)
    propose(database, office.cast)

    assert office.tell(MONDAY + timedelta(minutes=2)) == []
    (mail,) = office.tell(ASKED_AT)
    assert office.tell() == []
    assert (mail.to_address, mail.from_address) == ("sato@sample.example", "team@sample.example")
    assert mail.subject == "【承認のお願い】株式会社青葉 / 株式会社青葉様のご利用状況"
    assert "書き出し: サポート窓口です。" in mail.text
    assert "/click/" not in mail.text and "/unsubscribe/" not in mail.text
    assert "期限: 2026年11月18日(水) 10:00" in mail.text and "Moriさんに引き継がれます" in mail.text


def test_what_was_told_is_kept_without_its_words_and_links(database: Database) -> None:
    office = Office(database)
    approval = propose(database, office.cast)
    office.tell(ASKED_AT)
    (notice,) = office.notices()

    assert notice.state == "accepted"
    assert notice.content["sections"] == [{"name": "approvals", "count": 1, "ids": [approval]}]
    assert "青葉" not in str(notice.content) and "decide" not in str(notice.content)


def test_three_hundred_at_once_are_one_letter(database: Database) -> None:
    office = Office(database)
    with database.transaction() as session:
        orders = [office.cast.order(approval=CSM_APPROVES, visit=visit) for visit in range(1, 301)]
        draft(session, Library(), orders, now=MONDAY)
    (mail,) = office.tell(ASKED_AT)

    assert mail.subject == "【承認のお願い】300件"
    assert mail.text.count("確認して承認する") == 5 and "ほか295件" in mail.text
    assert "https://engage.example.com/console/approvals" in mail.text
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(Approval.told_at.is_(None))) == 0


def test_the_next_letter_of_a_kind_comes_half_an_hour_later_with_all_that_came_meanwhile(database: Database) -> None:
    office = Office(database)
    propose(database, office.cast)
    assert office.heard(ASKED_AT) == [("sato", "approval_asked")]
    for visit in (2, 3):
        propose(database, office.cast, visit=visit, now=office.clock.now())

    assert office.heard(ASKED_AT + timedelta(minutes=10)) == []
    (mail,) = office.tell(ASKED_AT + timedelta(minutes=30))
    assert mail.subject == "【承認のお願い】2件"


def test_at_night_it_waits_for_the_morning_and_what_was_decided_meanwhile_is_not_told(database: Database) -> None:
    office, evening = Office(database), MONDAY + timedelta(hours=12)  # ten at night in Tokyo
    first, _second = (propose(database, office.cast, visit=visit, now=evening) for visit in (1, 2))
    assert office.heard(evening + AT_ONCE) == []
    with database.transaction() as session:
        desk.reject(session, first, by=office.cast.csm, reason="done by phone", now=evening)
    assert office.heard(MONDAY + timedelta(hours=22)) == []

    (mail,) = office.tell(MONDAY + timedelta(hours=23))  # nine in the morning
    assert "件】" not in mail.subject and office.notices()[0].content["sections"][0]["count"] == 1


def test_who_was_asked_is_reminded_once_before_it_runs_out(database: Database) -> None:
    office = Office(database)
    propose(database, office.cast)
    office.tell(ASKED_AT)

    assert office.heard(MONDAY + timedelta(hours=23)) == []
    assert office.heard(MONDAY + days(1) + timedelta(minutes=2)) == [("sato", "approval_expiring")]
    assert office.heard(MONDAY + days(2)) == []


def test_a_pause_hurries_nobody(database: Database) -> None:
    office = Office(database)
    propose(database, office.cast)
    office.tell(ASKED_AT)
    with database.transaction() as session:
        session.add(PausedPlaybook(playbook_key="first-use", since=MONDAY, by="test"))

    assert office.heard(MONDAY + days(1) + timedelta(hours=1)) == []


def test_a_second_person_hears_what_is_passed_on_and_then_that_it_is_a_task(database: Database) -> None:
    office = Office(database)
    propose(database, office.cast)
    office.tell(ASKED_AT)
    expire(office, MONDAY + days(2))
    assert office.heard(MONDAY + days(2)) == [("mori", "approval_escalated")]
    assert "要対応タスクになります" in office.channel.sent[-1].text
    expire(office, MONDAY + days(4))

    assert office.heard(MONDAY + days(4) + AT_ONCE) == [("mori", "approval_expired")]


def test_a_second_person_who_is_there_comes_before_one_who_is_away(database: Database) -> None:
    office = Office(database)
    approval = propose(database, office.cast)
    office.away(office.cast.leader)
    expire(office, MONDAY + days(2))
    with database.reading() as session:
        assigned = session.scalar(select(Approval.assignee_id).where(Approval.public_id == approval))

    assert assigned == office.cast.ceo  # a leader by role, too


def test_a_stand_in_hears_and_decides_for_who_is_away(database: Database) -> None:
    office = Office(database)
    cast = office.cast
    office.reach(cast.csm, stand_in_id=cast.other_csm)
    office.away(cast.csm)
    approval = propose(database, cast)
    (mail,) = office.tell(ASKED_AT)

    assert mail.to_address == "ito@sample.example" and "代理: Sato" in mail.text
    assert LINKS.read_decision(link_in(mail)).staff_id == "stf_ito"
    with database.transaction() as session:
        desk.approve(session, office.library, approval, links=LINKS, by=cast.other_csm, now=office.clock.now())
    with database.reading() as session:
        decided = session.scalars(select(Approval)).one()
        assert (decided.state, decided.decided_by_id) == ("approved", cast.other_csm)


def test_who_is_away_with_nobody_standing_in_hears_it_on_their_return(database: Database) -> None:
    office = Office(database)
    office.away(office.cast.csm, days=1)
    propose(database, office.cast)

    assert office.heard(ASKED_AT) == []
    assert office.heard(MONDAY + timedelta(hours=22)) == []
    assert office.heard(MONDAY + timedelta(hours=23)) == [("sato", "approval_asked")]


def test_who_has_left_hears_nothing_and_the_team_does(database: Database) -> None:
    office = Office(database)
    propose(database, office.cast)
    office.leave(office.cast.csm)
    (mail,) = office.tell(ASKED_AT)

    assert mail.to_address == "team@sample.example"
    assert "/decide/" not in mail.text and "/console/approvals/apr_" in mail.text


def test_who_leaves_while_a_letter_is_on_its_way_does_not_get_it(database: Database) -> None:
    office = Office(database)
    propose(database, office.cast)
    office.clock.move_to(ASKED_AT)
    with database.transaction() as session:
        tell_of_approvals(session, office.library, LINKS, now=ASKED_AT)
    office.leave(office.cast.csm)

    assert office.tell() == []
    assert [(one.state, one.reason is not None) for one in office.notices()] == [("rejected", True)]


def test_an_executives_consent_is_asked_of_nobody_else(database: Database) -> None:
    office = Office(database)
    cast = office.cast
    office.reach(cast.ceo, stand_in_id=cast.leader)
    office.away(cast.ceo, days=1)
    approval = propose(database, cast, sender=cast.ceo)

    assert office.heard(ASKED_AT) == []
    (mail,) = office.tell(MONDAY + timedelta(hours=23))
    assert mail.to_address == "ono@sample.example" and "ご本人の同意なしに" in mail.text
    with database.transaction() as session:
        desk.approve(session, office.library, approval, links=LINKS, by=cast.ceo, now=office.clock.now())
    # The same approval is now asked of the CSM, who has not heard of it.
    assert office.heard(office.clock.now() + AT_ONCE) == [("sato", "approval_asked")]


@pytest.mark.parametrize(("channel", "mails"), [("mail", 1), ("none", 0)])
def test_everybody_chooses_what_reaches_them_by_itself(database: Database, channel: str, mails: int) -> None:
    office = Office(database)
    office.reach(office.cast.csm, channels={"approval_asked": channel})
    propose(database, office.cast)

    assert len(office.tell(ASKED_AT)) == mails
    assert office.tell(ASKED_AT + timedelta(minutes=5)) == []


@pytest.mark.parametrize(
    ("hours", "reminded"),
    [(48, timedelta(hours=24)), (24, timedelta(hours=12)), (4, timedelta(hours=2)), (240, timedelta(hours=216))],
)
def test_a_reminder_comes_a_day_before_but_not_in_the_first_half(hours: int, reminded: timedelta) -> None:
    assert reminder_at(MONDAY, MONDAY + timedelta(hours=hours)) == MONDAY + reminded
    assert reminder_at(MONDAY, MONDAY + timedelta(minutes=20)) is None
