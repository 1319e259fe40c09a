"""Business review, by the points of its acceptance."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from tests.acceptance.company import Company, at, titles
from tests.acceptance.scene import Scene, lived_once

MOMENTS = ("business-review", "renewal")

REVIEW, RENEWAL = "business-review/review", "renewal/value-so-far"
PEOPLE = {"山田": ["champion", "decision_maker"], "鈴木": ["end_user"]}


@lived_once
def active(
    open_company: Scene, *, ends_on: str = "2027-12-31", opened: str = "2026-07-10", **traits: object
) -> Company:
    """A customer in the middle of its work, whose year ends in March."""
    company = open_company(opened)
    company.customer(people=PEOPLE, **{"fiscal_year_end_month": 3, "seats": 10, **traits})
    company.contract(starts_on="2026-01-01", ends_on=ends_on)
    return company


def used(office: Company, before: int, now: int) -> Company:
    """Use in the quarter from April to June, and in the one from July to September."""
    office.uses("minato-1", before, day="2026-06-30")
    office.skip_to("2026-09-15", 12).uses("minato-1", now, day="2026-07-01")
    return office


def test_purpose_period_and_figures_follow_the_fiscal_quarter(company: Scene) -> None:
    office = used(active(company), 20, 30).until("2026-09-30")
    assert office.mails_of(REVIEW) == []
    mail = office.until("2026-10-02").mails_of(REVIEW)[0]
    assert "2026年7月1日から2026年9月30日までの期間" in mail.text
    assert "月次締めの日数 / 7営業日 / 10営業日 / 5営業日" in mail.text
    assert "2026年7月1日から2026年9月30日まで、前回は2026年4月1日から2026年6月30日までの集計" in mail.text
    assert "2026年5月31日(日)時点の値" in mail.text


def test_figures_equal_an_independent_count(company: Scene) -> None:
    office = used(active(company), 20, 31).until("2026-10-02")
    mail = office.mails_of(REVIEW)[0]
    quarters = [(at("2026-07-01", 0), at("2026-10-01", 0)), (at("2026-04-01", 0), at("2026-07-01", 0))]
    counted = []
    for first, end in quarters:
        with office.database.reading() as session:
            counted.append(
                session.execute(
                    text(
                        "SELECT count(*), count(DISTINCT user_id) FROM events"
                        " WHERE name = 'feature.used' AND occurred_at >= :first AND occurred_at < :last"
                    ),
                    {"first": first, "last": end},
                ).one()
            )
    (now, users), (before, users_before) = counted
    assert f"操作の回数 / {now}回 / {before}回" in mail.text
    assert f"ご利用になった方 / {users}名 / {users_before}名" in mail.text


def test_two_patterns_of_use_never_get_the_same_words_and_a_fall_no_praise(company: Scene) -> None:
    office = company("2026-07-10")
    for key in ("minato", "kita"):
        office.customer(key, people=PEOPLE, fiscal_year_end_month=3)
        office.contract(key=key, starts_on="2026-01-01", ends_on="2027-12-31")
    office.uses("minato-1", 10, day="2026-06-15")
    office.uses("kita-1", 40, day="2026-06-15", key="kita")
    office.skip_to("2026-09-15", 12)
    office.uses("minato-1", 40, day="2026-07-15")
    office.uses("kita-1", 10, day="2026-07-15", key="kita")
    office.until("2026-10-02")
    said = {mail.to_address.split("@")[1]: mail.text.split("数字の見方")[1] for mail in office.mails_of(REVIEW)}
    assert "10回から40回に増えました" in said["minato.example"]
    assert "40回から10回に減りました" in said["kita.example"]
    assert "増えました" not in said["kita.example"]


def test_no_data_is_held_and_somebody_is_told(company: Scene) -> None:
    office = active(company).skip_to("2026-09-30").until("2026-10-05")
    assert office.mails_of(REVIEW) == []
    [(state, reason)] = office.states(REVIEW)
    assert (state, str(reason).split(":")[0]) == ("held", "facts_missing")
    assert "Complete the figures for the review" in titles(office.tasks("business-review"))


def test_a_held_review_leaves_when_its_data_has_come(company: Scene) -> None:
    office = used(active(company, goal_actual=None), 20, 30).until("2026-10-05")
    assert office.states(REVIEW)[0][0] == "held"
    office.uses("minato-1", 40, day="2026-10-03")
    office.traits(goal_actual=6)
    mail = office.until("2026-10-08").mails_of(REVIEW)[0]
    assert "6営業日" in mail.text
    assert "操作の回数 / 30回 / 20回" in mail.text, "the figures are still those of the period"
    assert "2026年7月1日から2026年9月30日まで、前回は" in mail.text


def test_one_action_with_owner_and_date_is_tracked_and_opens_the_next_review(company: Scene) -> None:
    agreed = {"review_action": "月次の点検会", "review_action_owner": "山田様", "review_action_due": "2026-10-15"}
    office = used(active(company, **agreed), 20, 30).until("2026-10-02")
    first = office.mails_of(REVIEW)[0].text
    assert "月次の点検会" in first
    assert "2026年10月15日(木)" in first
    assert "Carry out the action from the review and record the result" in titles(office.tasks("business-review"))
    office.traits(last_review_action="月次の点検会", last_review_result="3拠点で実施し、締めが1日縮まった")
    office.skip_to("2026-12-15", 12).uses("minato-1", 9, day="2026-12-15")
    second = office.until("2027-01-05").mails_of(REVIEW)[1].text
    assert second.index("3拠点で実施し") < second.index("ご利用になった方")


def test_a_review_within_thirty_days_of_a_renewal_mail_becomes_one_with_it(company: Scene) -> None:
    office = used(active(company, ends_on="2027-01-31"), 20, 30).until("2026-10-30")
    assert office.mails_of(REVIEW) == []
    [mail] = office.mails_of(RENEWAL)
    assert "操作の回数 / " in mail.text
    assert "月次締めの日数 / 7営業日 / 10営業日 / 5営業日" in mail.text


@pytest.mark.parametrize("touch", ["high", "tech"])
def test_the_csm_approves_for_high_touch_and_the_long_tail_gets_it_at_once(company: Scene, touch: str) -> None:
    office = used(active(company, touch_model=touch), 20, 30).until("2026-10-01", 17)
    assert (office.mails_of(REVIEW) == []) == (touch == "high")
    office.consent()
    assert len(office.until("2026-10-02").mails_of(REVIEW)) == 1


def test_the_mail_carries_no_personal_link_but_those_to_choose_and_to_stop_it(company: Scene) -> None:
    office = used(active(company, touch_model="mid"), 20, 30).until("2026-10-01", 17)
    office.consent()
    mail = office.until("2026-10-02").mails_of(REVIEW)[0]
    pages = ("", "unsubscribe/", "preferences/", "chart/")
    ours, stop, choose, charts = (mail.html.count(f"https://engage.example/{page}") for page in pages)
    assert (ours - charts, stop, choose) == (2, 1, 1)


def test_the_mail_shows_the_weeks_as_a_picture_and_in_words(company: Scene) -> None:
    office = used(active(company, touch_model="mid"), 20, 30)
    office.uses("minato-1", 40, day="2026-09-10")
    office.until("2026-10-01", 17).consent()
    mail = office.until("2026-10-02").mails_of(REVIEW)[0]
    (figures,) = re.findall(r"週ごとの操作の回数\(古い順\): ([\d、]+)回", mail.text)

    assert "https://engage.example/chart/" in mail.html and f"{figures}回" in mail.html
    assert figures.split("、") == [*["0"] * 9, "40", "0", "0"]
