"""Renewal, by the points of its acceptance."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.acceptance.company import Company, titles
from tests.acceptance.scene import Scene, lived_once

MOMENTS = ("renewal",)

VALUE, REMINDER, PARTNER = "renewal/value-so-far", "renewal/reminder", "renewal/for-partner"
LOCALES = ("ja", "en")


@lived_once
def renewing(
    open_company: Scene,
    ends_on: str,
    *,
    opened: str,
    starts_on: str | None = None,
    use: tuple[int, int] = (10, 20),
    said: dict[str, object] | None = None,
    **traits: object,
) -> Company:
    """A customer with a year's contract that ends on a day, first seen on another."""
    company = open_company(opened)
    people = {"山田": ["champion", "decision_maker"], "鈴木": ["end_user"]}
    company.customer(people=people, **{"seats": 10, **traits})
    year = date.fromisoformat(ends_on).replace(day=1) - timedelta(days=335)
    company.contract(starts_on=starts_on or year.isoformat(), ends_on=ends_on, **(said or {}))
    today = date.fromisoformat(opened)
    company.uses("minato-1", use[0], day=(today - timedelta(days=31)).isoformat())
    company.uses("minato-1", use[1], day=(today - timedelta(days=1)).isoformat())
    return company


@pytest.mark.parametrize(
    ("ends_on", "opened"), [("2027-03-31", "2026-11-10"), ("2027-04-30", "2026-12-15"), ("2027-08-31", "2027-04-15")]
)
@pytest.mark.parametrize("touch", ["high", "tech"])
def test_handed_over_at_the_latest_120_days_before_with_holidays_and_approval(
    company: Scene, ends_on: str, opened: str, touch: str
) -> None:
    office = renewing(company, ends_on, opened=opened, touch_model=touch)
    latest = date.fromisoformat(ends_on) - timedelta(days=120)
    day = date.fromisoformat(opened)
    while not office.mails_of(VALUE) and day <= latest:
        day += timedelta(days=1)
        office.until(day.isoformat())
        if office.states(VALUE) == [("proposed", None)]:
            day += timedelta(days=2)
            office.until(day.isoformat(), 12).consent()
    [mail] = office.mails_of(VALUE)
    assert latest - timedelta(days=20) <= date.fromisoformat(office.sent_on(mail)) <= latest


def test_before_the_notice_deadline_where_there_is_one(company: Scene) -> None:
    office = renewing(company, "2027-03-31", opened="2026-10-20", said={"notice_deadline": "2027-02-26"})
    office.until("2026-10-30")
    [mail] = office.mails_of(VALUE)
    assert office.sent_on(mail) <= "2026-10-29"


def test_a_short_term_is_asked_at_half_of_it(company: Scene) -> None:
    office = renewing(company, "2026-12-31", opened="2026-08-01", starts_on="2026-07-01")
    assert office.until("2026-09-20").mails_of(VALUE) == []
    assert len(office.until("2026-10-02").mails_of(VALUE)) == 1


def test_a_monthly_contract_is_not_asked(company: Scene) -> None:
    office = renewing(company, "2026-08-31", opened="2026-08-03", starts_on="2026-08-01")
    assert office.until("2026-09-02").mails_of(VALUE) == []


def test_a_contract_learned_late_starts_at_once_and_very_late_is_a_task(company: Scene) -> None:
    office = renewing(company, "2026-12-31", opened="2026-11-02").until("2026-11-04")
    assert len(office.mails_of(VALUE)) == 1
    late = renewing_other(office, "2026-11-20")
    assert len(late.mails_of(VALUE)) == 1
    assert len(late.tasks("renewal")) == 1


def renewing_other(office: Company, ends_on: str) -> Company:
    """A second customer, whose contract ends very soon."""
    office.customer("kita")
    office.contract(key="kita", starts_on="2025-11-21", ends_on=ends_on)
    return office.until("2026-11-06")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("automatic", [True, False])
def test_it_names_contract_term_renewal_deadline_and_what_happens_if_nothing_is_done(
    company: Scene, automatic: bool, locale: str
) -> None:
    said = {"auto_renew": automatic, "notice_deadline": "2027-02-26"}
    office = renewing(company, "2027-03-31", opened="2026-10-25", locale=locale, said=said).until("2026-10-30")
    text = office.mails_of(VALUE)[0].text
    expected = {
        "ja": ("2027年3月31日(水)まで", "2027年2月26日(金)", "自動で更新されます" if automatic else "契約が終わり"),
        "en": ("to March 31, 2027", "February 26, 2027", "renews as it provides" if automatic else "access stops"),
    }[locale]
    assert all(part in text for part in ("あおばワークス スタンダード", *expected))


@pytest.mark.parametrize("policy", ["direct", "copy_partner", "partner_only"])
def test_through_a_partner_by_the_contact_policy_and_without_prices(company: Scene, policy: str) -> None:
    said = {"sold_by": "nishi", "contact_policy": policy}
    office = renewing(company, "2027-03-31", opened="2026-11-10", said=said)
    office.person("nishi-1", roles=["partner"], email="tanaka@nishi.example", family_name="西", department="")
    office.until("2026-12-02")
    sent = [mail for template in (VALUE, PARTNER) for mail in office.mails_of(template)]
    customer, partner = "minato-0@minato.example", "tanaka@nishi.example"
    expected = {"direct": (customer, []), "copy_partner": (customer, [partner]), "partner_only": (partner, [])}
    assert [(mail.to_address, [address for _, address in mail.cc]) for mail in sent] == [expected[policy]]
    assert [price for price in ("1200000", "1,200,000", "円") if price in sent[0].text] == []


@pytest.mark.parametrize(("use", "hard"), [((10, 30), False), ((30, 5), True)])
def test_own_results_beside_the_goal_and_other_words_for_weak_use(
    company: Scene, use: tuple[int, int], hard: bool
) -> None:
    text = renewing(company, "2027-03-31", opened="2026-11-30", use=use).until("2026-12-02").mails_of(VALUE)[0].text
    assert f"操作の回数 / {use[1]}回 / {use[0]}回" in text
    assert "月次締めの日数 / 7営業日 / 10営業日 / 5営業日" in text
    assert ("難しいと感じていらっしゃること" in text) == hard


def test_one_reminder_that_names_the_first_mail_then_a_call(company: Scene) -> None:
    office = renewing(company, "2027-03-31", opened="2026-11-30").until("2027-01-06")
    [first], [second] = office.mails_of(VALUE), office.mails_of(REMINDER)
    day = date.fromisoformat(office.sent_on(first))
    assert f"{day.year}年{day.month}月{day.day}日に" in second.text
    office.until("2027-02-10")
    assert len(office.mails_of(REMINDER)) == 1
    assert list(titles(office.tasks("renewal"))) == ["Call and ask about the renewal"]


def test_a_reply_stops_the_reminder_and_becomes_a_task(company: Scene) -> None:
    office = renewing(company, "2027-03-31", opened="2026-11-30").until("2026-12-04")
    office.happens("replied", user="minato-0")
    office.until("2027-01-20")
    assert office.mails_of(REMINDER) == []
    assert list(titles(office.tasks("renewal"))) == ["Act on the reply about the renewal"]


def test_no_reminder_of_a_mail_that_was_not_sent(company: Scene) -> None:
    office = renewing(company, "2027-03-31", opened="2026-11-10")
    office.happens("consent.withdrawn", user="minato-0", topic="contract")
    office.until("2027-01-20")
    assert office.mails_of(VALUE) == []
    assert office.mails_of(REMINDER) == []
    assert office.tasks("renewal") != []


def test_expiry_of_the_approval_escalates_and_is_never_silent(company: Scene) -> None:
    office = renewing(company, "2027-03-31", opened="2026-11-10", touch_model="high").until("2027-01-20")
    assert office.mails_of(VALUE) == []
    assert [task.reason for task in office.tasks("renewal") if task.reason == "approval_expired"]


def test_a_renewal_that_is_done_asks_no_more(company: Scene) -> None:
    office = renewing(company, "2027-03-31", opened="2026-11-30").until("2026-12-04")
    office.contract("renewed", starts_on="2027-04-01", ends_on="2028-03-31")
    office.until("2027-02-10")
    assert office.mails_of(REMINDER) == []
    assert office.tasks("renewal") == []
