"""Post-renewal thanks, by the points of its acceptance."""

from __future__ import annotations

import pytest

from tests.acceptance.company import Company, titles
from tests.acceptance.scene import Scene, lived_once

MOMENTS = ("renewal",)

THANKS, VALUE, REMINDER = "renewal-thanks/thanks", "renewal/value-so-far", "renewal/reminder"


@lived_once
def customer(
    open_company: Scene, *, opened: str = "2026-12-07", notice: str | None = None, **traits: object
) -> Company:
    """A customer whose first year ends in March 2027, known since long."""
    company = open_company("2026-03-02")
    company.customer(**traits)
    more = {"notice_deadline": notice} if notice else {"auto_renew": False}
    company.contract(starts_on="2026-04-01", ends_on="2027-03-31", **more)
    return company.skip_to(opened)


@pytest.mark.parametrize(("renewed", "sent"), [("2026-12-07", "2026-12-08"), ("2026-12-11", "2026-12-14")])
def test_thanks_come_with_the_order_at_most_one_business_day_later(company: Scene, renewed: str, sent: str) -> None:
    office = customer(company, opened=renewed)
    assert office.mails_of(THANKS) == []
    office.contract("renewed", starts_on="2027-04-01", ends_on="2028-03-31")
    [mail] = office.until(sent).mails_of(THANKS)
    assert renewed <= office.sent_on(mail) <= sent


def test_automatic_renewal_is_thanked_when_the_notice_deadline_has_passed(company: Scene) -> None:
    office = customer(company, opened="2027-02-25", notice="2027-02-26")
    assert office.until("2027-02-28").mails_of(THANKS) == []
    [mail] = office.until("2027-03-01").mails_of(THANKS)
    assert "2027年3月31日(水)の翌日に始まります" in mail.text


def test_a_cancelled_contract_is_not_thanked_for(company: Scene) -> None:
    office = customer(company, opened="2027-02-25", notice="2027-02-26")
    office.contract("cancelled")
    assert office.until("2027-03-10").mails_of(THANKS) == []


def test_every_renewal_ask_ends_before_the_thanks(company: Scene) -> None:
    office = customer(company, opened="2026-12-07")
    office.contract("renewed", starts_on="2027-04-01", ends_on="2028-03-31")
    office.until("2027-01-15")
    assert len(office.mails_of(THANKS)) == 1
    assert office.mails_of(REMINDER) == []


def test_an_ask_that_waits_for_approval_is_taken_back_before_the_thanks(company: Scene) -> None:
    office = customer(company, opened="2026-12-07", touch_model="high")
    assert office.states(VALUE) == [("proposed", None)]
    office.contract("renewed", starts_on="2027-04-01", ends_on="2028-03-31")
    assert [state for state, _ in office.states(VALUE)] == ["cancelled"]
    assert office.until("2026-12-08").mails == office.mails_of(THANKS) != []


def test_it_names_the_new_term_one_result_and_the_goal_ahead(company: Scene) -> None:
    office = customer(company, next_goal="請求処理も同じ流れに載せる")
    office.contract("renewed", starts_on="2027-04-01", ends_on="2028-03-31")
    text = office.until("2026-12-08").mails_of(THANKS)[0].text
    for said in ("2027年4月1日(木)から2028年3月31日(金)まで", "10営業日から7営業日", "請求処理も同じ流れに載せる"):
        assert said in text


@pytest.mark.parametrize(("touch", "asked"), [("high", "日時を二つ"), ("tech", "合同の説明会")])
def test_one_request_a_planning_talk(company: Scene, touch: str, asked: str) -> None:
    office = customer(company, touch_model=touch)
    office.contract("renewed", starts_on="2027-04-01", ends_on="2028-03-31")
    text = office.until("2026-12-08").mails_of(THANKS)[0].text
    assert asked in text
    assert text.count("お願いは一つです") == 1


def test_no_sale_and_no_survey_follow_for_fourteen_days(company: Scene) -> None:
    office = customer(company, opened="2027-01-12")
    before = len(office.mails)
    office.contract("renewed", starts_on="2027-04-01", ends_on="2028-03-31")
    office.until("2027-01-27")
    assert [mail.category for mail in office.mails[before:]] == ["renewal-thanks"]


@pytest.mark.parametrize(
    ("traits", "amount"), [({}, 900000), ({"dispute_open": True}, 1200000), ({"invoice_overdue": True}, 1200000)]
)
def test_downgrade_dispute_or_overdue_invoice_is_for_a_human(
    company: Scene, traits: dict[str, bool], amount: int
) -> None:
    office = customer(company, **traits)
    office.contract("renewed", starts_on="2027-04-01", ends_on="2028-03-31", amount_minor=amount, currency="JPY")
    office.until("2026-12-10")
    assert office.mails_of(THANKS) == []
    assert list(titles(office.tasks("renewal-thanks"))) == ["Thank the customer for the renewal in your own words"]


def test_several_contracts_are_one_mail(company: Scene) -> None:
    office = customer(company)
    office.contract(contract_id="minato-2", starts_on="2026-04-01", ends_on="2027-03-31")
    for contract_id in ("minato-1", "minato-2"):
        office.contract("renewed", contract_id=contract_id, starts_on="2027-04-01", ends_on="2028-03-31")
    assert len(office.until("2026-12-10").mails_of(THANKS)) == 1


def test_a_new_contact_is_never_thanked_for_last_year(company: Scene) -> None:
    office = company("2026-11-02")
    office.customer()
    office.contract(starts_on="2026-04-01", ends_on="2027-03-31", auto_renew=False)
    office.skip_to("2026-12-07").contract("renewed", starts_on="2027-04-01", ends_on="2028-03-31")
    assert "続けてくださった結果" not in office.until("2026-12-08").mails_of(THANKS)[0].text
