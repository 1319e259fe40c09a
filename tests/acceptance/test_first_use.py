"""First use and its absence, by the points of their acceptance."""

from __future__ import annotations

import pytest

from tests.acceptance.answering import Reader, link_to
from tests.acceptance.company import Company, titles
from tests.acceptance.scene import Scene, lived_once

MOMENTS = ("first-use",)

ADMIN, USER, ABSENCE = "first-use/admin", "first-use/end-user", "first-use/absence"
REASONS = {
    "初期設定の途中": "Finish the set-up together",
    "社内で調整している": "Send material for their colleagues",
    "担当者が代わった": "Brief the new person in charge",
    "使い方がわからない": "Show them how it is used",
}
PEOPLE = {"山田": ["champion", "admin"], "鈴木": ["end_user"], "高橋": ["end_user"]}


@lived_once
def signed(open_company: Scene, start: str = "2026-06-01", **traits: object) -> Company:
    """A customer in its first weeks."""
    company = open_company(start)
    company.customer(people=PEOPLE, seats=10, **{"phase": "onboarding", "kickoff_held_on": "2026-06-01", **traits})
    company.contract(starts_on=start, ends_on="2027-05-31")
    return company


def test_only_real_users_count(company: Scene) -> None:
    office = signed(company)
    office.person("colleague", roles=["end_user"], is_staff=True, family_name="社員")
    office.uses("colleague", 40, day="2026-06-01")
    office.uses("minato-1", 3, day="2026-06-01")
    office.until("2026-06-02").uses("minato-0", 2, day="2026-06-02")
    text = office.until("2026-06-03").mails_of(ADMIN)[0].text
    assert "10名分のご契約のうち2名" in text
    assert "操作は5回" in text
    assert [mail.to_address for mail in office.mails if "colleague" in mail.to_address] == []


def test_a_test_account_gets_nothing(company: Scene) -> None:
    office = signed(company, is_test=True)
    office.uses("minato-1", 3, day="2026-06-01")
    assert office.until("2026-06-30").mails == []


def test_own_figures_with_their_date_and_goal_one_deep_link_and_where_to_ask(company: Scene) -> None:
    office = signed(company)
    office.uses("minato-1", 3, day="2026-06-01")
    mail = office.until("2026-06-02").mails_of(USER)[0]
    for said in ("2026年6月1日(月)時点", "3回", "月次締めを5営業日で終える", "受付 平日 9時から18時", "03-0000-0120"):
        assert said in mail.text
    assert mail.html.count("https://engage.example/click/") == 1


def test_falling_figures_get_no_praise(company: Scene) -> None:
    office = signed(company)
    office.uses("minato-2", 30, day="2026-06-01")
    office.until("2026-07-10").uses("minato-1", 2, day="2026-07-10")
    text = office.until("2026-07-13").mails_of(USER)[-1].text
    assert "になりました" not in text


def test_administrators_and_end_users_get_different_mails_and_nobody_both(company: Scene) -> None:
    office = signed(company)
    for user in ("minato-0", "minato-1", "minato-2"):
        office.uses(user, 2, day="2026-06-01")
    office.until("2026-06-12")
    assert [mail.to_address for mail in office.mails_of(ADMIN)] == ["minato-0@minato.example"]
    assert sorted(mail.to_address for mail in office.mails_of(USER)) == [
        "minato-1@minato.example",
        "minato-2@minato.example",
    ]
    assert len({item.contact_id for item in office.in_app()}) == len(office.in_app()) == 3


def test_using_it_again_sends_no_second_mail(company: Scene) -> None:
    office = signed(company)
    for day in ("2026-06-01", "2026-06-02", "2026-06-20"):
        office.until(day).uses("minato-1", 2, day=day)
    assert len(office.until("2026-07-01").mails_of(USER)) == 1


def test_absence_after_ten_business_days_is_one_offer_without_blame_and_four_answers(company: Scene) -> None:
    office = signed(company).until("2026-06-12")
    assert office.mails_of(ABSENCE) == []
    mail = office.until("2026-06-16").mails_of(ABSENCE)[0]
    for text in REASONS:
        assert link_to(mail, text) in mail.html
    assert "まだ" not in mail.text


@pytest.mark.parametrize("text", list(REASONS))
def test_one_click_tells_the_reason_and_becomes_work_for_the_csm(company: Scene, text: str) -> None:
    office = signed(company).until("2026-06-16")
    reply = Reader(office).confirms(office.mails_of(ABSENCE)[0], text, comment="来週から進めます")
    assert f"「{text}」と承りました" in reply.get_data(as_text=True)
    [task] = office.tasks("first-use-absence")
    assert (task.title["en"], task.role) == (REASONS[text], "csm")
    assert "来週から進めます" in task.note["ja"]
    office.until("2026-07-31")
    assert (len(office.mails_of(ABSENCE)), len(office.tasks("first-use-absence"))) == (1, 1)


def test_absence_is_checked_again_before_sending(company: Scene) -> None:
    office = signed(company, touch_model="high").until("2026-06-15", 12)
    assert office.states(ABSENCE) == [("proposed", None)]
    office.uses("minato-1", 1, day="2026-06-15")
    office.consent()
    office.until("2026-06-30")
    assert office.mails_of(ABSENCE) == []


def test_a_second_absence_is_a_task_and_no_third_mail(company: Scene) -> None:
    office = signed(company).until("2026-07-31")
    assert len(office.mails_of(ABSENCE)) == 1
    assert list(titles(office.tasks("first-use-absence"))) == ["Call and ask what keeps them from starting"]


def test_a_reply_to_the_offer_is_a_task_for_the_csm(company: Scene) -> None:
    office = signed(company).until("2026-06-17")
    office.happens("replied", user="minato-0")
    assert list(titles(office.until("2026-07-31").tasks("first-use-absence"))) == [
        "Act on the reply about getting started"
    ]
