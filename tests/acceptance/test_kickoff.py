"""Kickoff, by the points of its acceptance."""

from __future__ import annotations

import pytest

from tests.acceptance.company import Company, titles
from tests.acceptance.scene import Scene, lived_once

MOMENTS = ("sales-handoff", "kickoff", "first-use")

WELCOME, MINUTES = "kickoff/welcome", "kickoff/minutes"
LOCALES = ("ja", "en")


@lived_once
def begun(open_company: Scene, *, start: str = "2026-04-01", locale: str = "ja", **traits: object) -> Company:
    """A customer whose contract is known two weeks before it starts."""
    company = open_company("2026-03-18")
    company.customer(locale=locale, **{"phase": "onboarding", **traits})
    company.contract(starts_on=start, ends_on="2027-03-31")
    return company


@pytest.mark.parametrize("locale", LOCALES)
def test_the_executive_signs_once_consent_is_given_for_the_template(company: Scene, locale: str) -> None:
    office = begun(company, locale=locale).until("2026-04-01", 12)
    assert office.mails == []
    assert office.consent() == 1
    mail = office.until("2026-04-01").mails_of(WELCOME)[0]
    assert mail.from_name == {"ja": "田中 浩", "en": "Hiroshi Tanaka"}[locale]
    assert (mail.reply_to or mail.from_address) == "cs_head@aoba-works.example"
    office.customer("kita", locale=locale, phase="onboarding")
    office.contract(key="kita", starts_on="2026-04-02", ends_on="2027-03-31")
    assert len(office.until("2026-04-02").mails_of(WELCOME)) == 2


@pytest.mark.parametrize(("start", "sent"), [("2026-04-01", "2026-04-01"), ("2026-05-03", "2026-05-07")])
def test_the_welcome_leaves_at_most_one_business_day_after_the_start_before_any_other_mail(
    company: Scene, start: str, sent: str
) -> None:
    office = begun(company, start=start)
    for day in (start, sent):
        office.until(day, 12).consent()
    office.until(sent)
    assert [office.sent_on(mail) for mail in office.mails_of(WELCOME)] == [sent]
    assert office.mails[0] in office.mails_of(WELCOME)


def test_whoever_uses_the_product_before_is_welcomed_first_and_hears_more_on_another_day(company: Scene) -> None:
    office = begun(company).until("2026-03-31", 12)
    office.uses("minato-0", 2, day="2026-03-31")
    office.until("2026-04-01", 12).consent()
    office.until("2026-04-01", 18)
    assert office.mails == office.mails_of(WELCOME)
    office.until("2026-04-03")
    assert [office.sent_on(mail) for mail in office.mails] == ["2026-04-01", "2026-04-02"]


def test_no_welcome_when_the_meeting_was_held_already(company: Scene) -> None:
    office = begun(company).until("2026-03-30")
    office.traits(kickoff_held_on="2026-03-27")
    office.until("2026-04-03").consent()
    assert office.until("2026-04-06").mails_of(WELCOME) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_two_facts_from_sales_and_no_need_to_explain_again_when_complete(company: Scene, locale: str) -> None:
    office = begun(company, locale=locale).until("2026-04-01", 12)
    office.consent()
    text = office.until("2026-04-01").mails_of(WELCOME)[0].text
    assert "三拠点が表計算で集計している" in text
    assert "3月の決算に間に合わせる" in text
    assert {"ja": "初めからご説明いただくことはありません", "en": "need not explain it again"}[locale] in text
    assert "Complete the hand-off" not in titles(office.tasks())


def test_an_incomplete_hand_off_asks_sales_before_the_meeting_and_promises_nothing(company: Scene) -> None:
    office = begun(company, handoff_complete=False).until("2026-03-24")
    asked = office.tasks("sales-handoff")
    assert list(titles(asked)) == ["Complete the hand-off"]
    assert asked[0].role == "sales"
    assert office.tasks("kickoff") == []  # not asked twice
    office.until("2026-04-01", 12).consent()
    assert "初めからご説明" not in office.until("2026-04-01").mails_of(WELCOME)[0].text


def test_fewer_than_two_facts_hold_the_welcome_until_sales_recorded_them(company: Scene) -> None:
    office = begun(company, handoff_facts=[], handoff_complete=False).until("2026-04-01")
    assert office.mails == []
    assert "The executive's welcome waits for the hand-off" in titles(office.tasks("kickoff"))
    facts = [{"label": "現状", "text": "手作業"}, {"label": "時期", "text": "夏まで"}]
    office.traits(handoff_facts=facts, handoff_complete=True)
    office.happens("handoff.recorded")
    office.until("2026-04-02", 12).consent()
    assert "手作業" in office.until("2026-04-02").mails_of(WELCOME)[0].text


@pytest.mark.parametrize("owned", [True, False])
def test_it_names_who_writes_from_now_on_and_leaves_no_empty_line(company: Scene, owned: bool) -> None:
    office = company("2026-03-18")
    office.customer(owned=owned, phase="onboarding")
    office.contract(starts_on="2026-04-01", ends_on="2027-03-31")
    office.until("2026-04-01", 12).consent()
    text = office.until("2026-04-01").mails_of(WELCOME)[0].text
    assert ("佐藤 美咲から差し上げます" in text) == owned
    assert ("木村から佐藤をご紹介" in text) == owned
    assert ("カスタマーサクセスチームから差し上げます" in text) == (not owned)
    assert "\n\n\n" not in text


def test_minutes_go_out_only_after_the_meeting_and_as_a_person_filled_them_in(company: Scene) -> None:
    office = begun(company).until("2026-04-01", 12)
    office.consent()
    office.until("2026-04-08").happens("kickoff.held")
    office.until("2026-04-09", 12).happens(
        "kickoff.minutes_recorded",
        held_on="2026-04-08",
        decisions=["5月の締めから切り替える"],
        actions=[{"owner": "山田様", "side": "customer", "what": "推進担当を決める", "due": "2026-04-16"}],
        attachments=[{"name": "導入計画書", "url": "https://app.aoba-works.example/plan.pdf"}],
    )
    mail = office.until("2026-04-10").mails_of(MINUTES)[0]
    for said in ("5月の締めから切り替える", "山田様(貴社)", "推進担当を決める", "4月16日", "導入計画書"):
        assert said in mail.text
    assert mail.from_name == "佐藤 美咲"


def test_minutes_that_nobody_filled_in_are_a_task_and_no_mail(company: Scene) -> None:
    office = begun(company).until("2026-04-01", 12)
    office.consent()
    office.until("2026-04-08").happens("kickoff.held")
    office.until("2026-04-15")
    assert office.mails_of(MINUTES) == []
    assert "Fill in the kickoff minutes" in titles(office.tasks("kickoff"))


SALUTATIONS = {
    "full": ({"family_name": "山田", "given_name": "花子", "title": "部長"}, "経営企画部\n部長 山田花子様\n"),
    "title": ({"family_name": "山田", "given_name": "", "title": "部長"}, "部長 山田様\n"),
    "no name": ({"department": "", "title": ""}, "みなと商事株式会社\nご担当者様\n"),
    "shared box": ({"department": "経理部", "title": "", "is_shared_box": True}, "経理部 御中\n"),
    "foreign name": ({"family_name": "Miller", "given_name": "Ann", "title": ""}, "Ann Miller 様\n"),
    "no department": ({"family_name": "山田", "department": "", "title": ""}, "みなと商事株式会社\n山田様\n"),
}


@pytest.mark.parametrize("case", SALUTATIONS)
def test_golden_salutations(company: Scene, case: str) -> None:
    traits, opening = SALUTATIONS[case]
    office = company("2026-03-18")
    office.customer(people={}, phase="onboarding")
    office.person("box", roles=["champion"], locale="ja", **traits)
    office.contract(starts_on="2026-04-01", ends_on="2027-03-31")
    office.until("2026-04-01", 12).consent()
    assert opening in office.until("2026-04-01").mails_of(WELCOME)[0].text
