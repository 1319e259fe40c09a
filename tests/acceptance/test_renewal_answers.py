"""Renewal, points 4 and 5: four intents with one click, and what each of them sets in motion."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engage.channels.base import OutboundEmail
from engage.surveys.tables import Answer
from tests.acceptance.answering import Reader, link_to
from tests.acceptance.company import Company, titles
from tests.acceptance.scene import Scene, lived_once
from tests.acceptance.test_renewal import REMINDER, VALUE, renewing

MOMENTS = ("renewal",)

PAGE, DECISION_DAY = "renewal/for-approval", "renewal/decision-day"
GOING_ON, DECIDING, TALK, NOT_GOING_ON = "継続する", "社内で検討している", "相談したい", "継続しない"


@lived_once
def written_to(open_company: Scene, **said: Any) -> Company:
    """A customer who has got the renewal mail, on 4 December."""
    return renewing(open_company, "2027-03-31", opened="2026-11-30", **said).until("2026-12-04")


def asked(open_company: Scene, **said: Any) -> tuple[Company, Reader, OutboundEmail]:
    """That customer with the mail."""
    office = written_to(open_company, **said)
    return office, Reader(office), office.mails_of(VALUE)[0]


def until_proposed(office: Company, template: str) -> Company:
    """The day on which a mail waits for its approval."""
    while ("proposed", None) not in office.states(template):
        office.until((office.clock.now() + timedelta(days=1)).date().isoformat())
    return office


def answers(office: Company) -> list[tuple[str, date | None]]:
    with office.database.reading() as session:
        return [(one.choice, one.day) for one in session.scalars(select(Answer).order_by(Answer.id))]


def test_4_four_intents_lead_to_a_page_that_says_whose_answer_it_is_and_that_it_is_no_contract_act(
    company: Scene,
) -> None:
    office, reader, mail = asked(company)
    for text in (GOING_ON, DECIDING, TALK, NOT_GOING_ON):
        assert link_to(mail, text) in mail.html
        page = reader.browser.get(link_to(mail, text)).get_data(as_text=True)
        assert "みなと商事株式会社 mi•••@minato.example 様へのお伺いです" in page
        assert "契約の更新や解約のお手続きにはあたりません" in page
    office.until("2026-12-05")
    assert answers(office) == []
    assert office.tasks("renewal-answer") == []


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (GOING_ON, "The customer will continue; see to the renewal"),
        (TALK, "The customer wants to talk about the renewal; call them"),
        (NOT_GOING_ON, "The customer will not continue; ask for the reason"),
    ],
)
def test_4_each_intent_becomes_work_for_the_csm_at_once_with_what_was_written(
    company: Scene, text: str, title: str
) -> None:
    office, reader, mail = asked(company)
    reply = reader.confirms(mail, text, comment="来週、お電話をください")
    [task] = office.tasks("renewal-answer")
    assert (reply.status_code, task.title["en"], task.role) == (200, title, "csm")
    assert "来週、お電話をください" in task.note["ja"]
    assert f"「{text}」と承りました" in reply.get_data(as_text=True)


@pytest.mark.parametrize("text", [GOING_ON, DECIDING, TALK, NOT_GOING_ON])
def test_5_any_answer_stops_the_reminder(company: Scene, text: str) -> None:
    office, reader, mail = asked(company)
    reader.confirms(mail, text)
    office.until("2027-02-10")
    assert office.mails_of(REMINDER) == []
    assert office.tasks("renewal") == []


def test_5_an_answer_while_the_reminder_waits_for_approval_takes_it_back(company: Scene) -> None:
    office = renewing(company, "2027-03-31", opened="2026-11-10", touch_model="high")
    until_proposed(office, VALUE).consent()
    until_proposed(office, REMINDER)
    [mail] = office.mails_of(VALUE)
    Reader(office).confirms(mail, GOING_ON)
    assert [state for state, _ in office.states(REMINDER)] == ["cancelled"]


def test_4_deciding_sends_one_page_to_forward_without_any_personal_link(company: Scene) -> None:
    office, reader, mail = asked(company, said={"notice_deadline": "2027-03-15"})
    reader.confirms(mail, DECIDING)
    office.until("2026-12-08")
    [page] = office.mails_of(PAGE)
    for told in ("あおばワークス スタンダード", "2027年3月31日(水)まで", "2027年3月15日(月)", "自動で更新されます"):
        assert told in page.text
    assert "月次締めの日数 / 7営業日 / 10営業日 / 5営業日" in page.text
    assert "1,200,000円" in page.text
    assert [link for link in ("/survey/", "/unsubscribe/", "/click/", "href=") if link in page.html + page.text] == []
    assert [name for name, _ in page.headers if name.startswith("List-Unsubscribe")] == []


def test_4_the_page_names_no_price_where_a_partner_sells(company: Scene) -> None:
    said = {"sold_by": "nishi", "contact_policy": "copy_partner"}
    office, reader, mail = asked(company, said=said)
    reader.confirms(mail, DECIDING)
    [page] = office.until("2026-12-08").mails_of(PAGE)
    assert [price for price in ("1200000", "1,200,000", "円") if price in page.text] == []


def test_4_the_reminder_moves_to_their_decision_date(company: Scene) -> None:
    office, reader, mail = asked(company)
    reader.confirms(mail, DECIDING, day="2027-01-20")
    office.until("2027-01-19")
    assert office.mails_of(DECISION_DAY) == []
    [reminder] = office.until("2027-01-21").mails_of(DECISION_DAY)
    assert office.sent_on(reminder) == "2027-01-20"
    assert "2026年12月4日に" in reminder.text
    assert "ご判断のご予定日(2027年1月20日(水))" in reminder.text
    office.until("2027-02-20")
    assert list(titles(office.tasks("renewal-answer"))) == ["Call and ask about the renewal"]
    assert (len(office.mails_of(DECISION_DAY)), office.mails_of(REMINDER)) == (1, [])


def test_4_without_a_date_the_reminder_comes_after_two_weeks(company: Scene) -> None:
    office, reader, mail = asked(company)
    reader.confirms(mail, DECIDING)
    [reminder] = office.until("2026-12-28").mails_of(DECISION_DAY)
    assert office.sent_on(reminder) >= "2026-12-18"
    assert "ご予定日(" not in reminder.text


def test_4_a_decision_after_the_notice_deadline_is_told_to_the_csm(company: Scene) -> None:
    office, reader, mail = asked(company, said={"notice_deadline": "2027-01-29"})
    reader.confirms(mail, DECIDING, day="2027-02-10")
    office.until("2026-12-08")
    assert list(titles(office.tasks("renewal-answer"))) == ["They decide after the notice deadline; tell them"]


def test_5_a_reply_or_another_answer_stops_the_moved_reminder(company: Scene) -> None:
    office, reader, mail = asked(company)
    reader.confirms(mail, DECIDING, day="2027-01-20")
    office.until("2026-12-15")
    reader.confirms(mail, GOING_ON)
    office.until("2027-02-10")
    assert office.mails_of(DECISION_DAY) == []
    assert list(titles(office.tasks("renewal-answer"))) == ["The customer will continue; see to the renewal"]


def test_5_a_reply_stops_the_moved_reminder_and_becomes_a_task(company: Scene) -> None:
    office, reader, mail = asked(company)
    reader.confirms(mail, DECIDING, day="2027-01-20")
    office.until("2026-12-15").happens("replied", user="minato-0")
    office.until("2027-02-10")
    assert office.mails_of(DECISION_DAY) == []
    assert list(titles(office.tasks("renewal-answer"))) == ["Act on the reply about the renewal"]


def test_a_mind_changed_within_a_minute_holds_and_takes_the_page_back(company: Scene) -> None:
    office, reader, mail = asked(company)
    reader.confirms(mail, DECIDING, day="2027-01-20")
    reader.confirms(mail, TALK)
    office.until("2027-02-10")
    assert answers(office) == [("deciding", date(2027, 1, 20)), ("want_to_talk", None)]
    assert [state for state, _ in office.states(PAGE)] == ["cancelled"]
    assert len(office.tasks("renewal-answer")) == 1


def test_an_answer_by_the_reminder_counts_like_one_by_the_first_mail(company: Scene) -> None:
    office, reader, _ = asked(company)
    [reminder] = office.until("2027-01-06").mails_of(REMINDER)
    reader.confirms(reminder, NOT_GOING_ON)
    office.until("2027-02-10")
    tasks = [*office.tasks("renewal"), *office.tasks("renewal-answer")]
    assert list(titles(tasks)) == ["The customer will not continue; ask for the reason"]


def test_last_years_answer_does_not_silence_this_years_question(company: Scene) -> None:
    office, reader, mail = asked(company)
    reader.confirms(mail, GOING_ON)
    office.contract("renewed", starts_on="2027-04-01", ends_on="2027-09-30")
    office.uses("minato-1", 5, day="2026-12-03")
    office.skip_to("2027-06-01").uses("minato-1", 5, day="2027-05-30")
    office.until("2027-07-05")
    assert len(office.mails_of(VALUE)) == 2


def test_past_the_partner_there_is_no_link_and_a_copied_reader_cannot_answer_by_accident(company: Scene) -> None:
    office = renewing(
        company, "2027-03-31", opened="2026-11-10", said={"sold_by": "n", "contact_policy": "partner_only"}
    )
    office.person("n-1", roles=["partner"], email="tanaka@nishi.example", family_name="西", department="")
    office.until("2026-12-02")
    assert [mail for mail in office.mails if "/survey/" in mail.html + mail.text] == []
    copied = renewing_copied(office)
    reader = Reader(office)
    refused = reader.confirms(copied, GOING_ON)
    assert (refused.status_code, answers(office)) == (400, [])
    assert reader.confirms(copied, GOING_ON, own="yes").status_code == 200
    assert answers(office) == [("going_on", None)]


def renewing_copied(office: Company) -> OutboundEmail:
    """The mail to a second customer, whose partner gets a copy."""
    office.customer("kita")
    office.person("n-2", "kita", roles=["partner"], email="copy@nishi.example", family_name="西", department="")
    office.contract(key="kita", starts_on="2026-04-01", ends_on="2027-04-05", contact_policy="copy_partner")
    office.uses("kita-0", 5, day="2026-12-01", key="kita")
    office.until("2026-12-10")
    [mail] = [mail for mail in office.mails_of(VALUE) if mail.cc]
    return mail
