from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from engage.journeys.skipping import anchor_in, has_moved
from engage.journeys.surroundings import Place, Surroundings
from engage.journeys.timing import approval_room, business_days_of, of_absence, of_date, of_recurrence
from engage.language.durations import Duration
from engage.language.spec import AbsentTrigger, DateTrigger, EveryTrigger
from engage.language.vocabulary import TouchModel
from tests.unit.journeys.plays import playbook_of, vocabulary

TOKYO: Place = Surroundings(vocabulary()).place("Asia/Tokyo", "JP")
MAIL = "- email: renewal/value\n"
RENEWAL = "trigger: {date: contract.ends_on, latest: -120 days, if_late: {within: 90 days, else: task}}\n"


def trigger_of(words: str) -> Any:
    return playbook_of(MAIL, words).trigger


def at(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC) - timedelta(hours=9)


def renewal(ends_on: date, now: datetime, *, approval_days: int = 0, term_days: int = 365) -> Any:
    trigger = trigger_of(RENEWAL)
    assert isinstance(trigger, DateTrigger)
    return of_date(trigger, ends_on, place=TOKYO, now=now, approval_days=approval_days, term_days=term_days)


def test_a_renewal_starts_on_the_open_day_before_the_lead_at_the_start_of_that_day() -> None:
    assert renewal(date(2027, 8, 31), at(2027, 4, 30) - timedelta(seconds=1)) is None
    assert renewal(date(2027, 8, 31), at(2027, 4, 30)).due_at == at(2027, 4, 30)


def test_time_for_approval_makes_it_start_earlier() -> None:
    assert renewal(date(2027, 8, 31), at(2027, 4, 27), approval_days=2).due_at == at(2027, 4, 27)


def test_the_key_is_made_of_the_anchor_so_that_a_moved_date_is_new() -> None:
    assert renewal(date(2027, 8, 31), at(2027, 5, 1)).key == "date:2027-08-31:-120 days"


def test_a_contract_learned_late_starts_at_once_within_its_limit_and_is_late_after_it() -> None:
    assert renewal(date(2027, 3, 31), at(2027, 2, 20)).is_late is False
    assert renewal(date(2027, 3, 31), at(2027, 3, 10)).is_late is True


def test_something_long_past_is_not_even_late() -> None:
    assert renewal(date(2027, 3, 31), at(2027, 9, 1)) is None


def test_a_short_term_is_asked_at_its_half() -> None:
    assert renewal(date(2027, 6, 30), at(2027, 4, 1), term_days=180).due_at == at(2027, 4, 1)
    assert renewal(date(2027, 6, 30), at(2027, 3, 31), term_days=180) is None


def test_an_offset_rolls_forward_and_has_three_days_of_grace() -> None:
    trigger = trigger_of("trigger: {date: contract.starts_on, offset: 30 days}\n")
    anchor = date(2026, 10, 24)  # 30 days later is 23 November, a holiday
    found = [
        of_date(trigger, anchor, place=TOKYO, now=now, approval_days=2, term_days=None)
        for now in (at(2026, 11, 23), at(2026, 11, 24), at(2026, 11, 27), at(2026, 11, 27, 1))
    ]

    assert [one and one.is_late for one in found] == [None, False, False, True]


def test_a_review_comes_each_fiscal_quarter_and_knows_its_period() -> None:
    trigger = trigger_of("trigger: {every: 3 months, anchor: fiscal_quarter}\n")
    assert isinstance(trigger, EveryTrigger)
    found = of_recurrence(trigger, None, fiscal_year_end_month=3, place=TOKYO, now=at(2026, 10, 2))

    assert found is not None
    assert (found.key, found.due_at, found.is_late) == ("every:2026-10-01", at(2026, 10, 1), False)
    assert found.facts == {
        "date": "2026-10-01", "previous_start": "2026-04-01", "period_start": "2026-07-01", "period_end": "2026-09-30",
    }  # fmt: skip


def test_a_recurrence_on_a_closed_day_comes_on_the_next_open_one() -> None:
    trigger = trigger_of("trigger: {every: 1 months, anchor: contract.starts_on}\n")
    before = of_recurrence(
        trigger, date(2026, 10, 23), fiscal_year_end_month=None, place=TOKYO, now=at(2026, 11, 23, 12)
    )
    after = of_recurrence(trigger, date(2026, 10, 23), fiscal_year_end_month=None, place=TOKYO, now=at(2026, 11, 24))

    assert before is None
    assert after is not None and after.due_at == at(2026, 11, 24)


def test_a_recurrence_without_its_anchor_does_not_come() -> None:
    trigger = trigger_of("trigger: {every: 1 months, anchor: contract.starts_on}\n")

    assert of_recurrence(trigger, None, fiscal_year_end_month=3, place=TOKYO, now=at(2026, 11, 24)) is None


def test_an_absence_counts_open_days_from_a_date_or_from_an_event() -> None:
    trigger = trigger_of("trigger: {absent: app.opened, within: 2 business days, since: contract.starts_on}\n")
    assert isinstance(trigger, AbsentTrigger)
    by_date = of_absence(trigger, date(2026, 11, 20), place=TOKYO, now=at(2026, 11, 25))
    by_event = of_absence(trigger, at(2026, 11, 20, 15), place=TOKYO, now=at(2026, 11, 25, 15))

    assert by_date is not None and by_date.due_at == at(2026, 11, 25)
    assert by_event is not None and by_event.due_at == at(2026, 11, 25, 15)
    assert by_date.key == "absent:app.opened:2026-11-20"
    assert of_absence(trigger, at(2026, 11, 20, 15), place=TOKYO, now=at(2026, 11, 25, 14)) is None


@pytest.mark.parametrize(
    ("model", "approve", "expected"),
    [
        (TouchModel(), "", 0),
        (TouchModel(approve="always", within=Duration(1, "business days")), "", 1),
        (TouchModel(approve="always"), "", 2),
        (TouchModel(approve="always", within=Duration(2, "business days"), escalate_to="cs_head"), "", 4),
        (TouchModel(approve="always"), "approve: never", 0),
        (TouchModel(), "approve: {within: 20 hours}", 3),
    ],
)
def test_room_is_left_for_the_slowest_approval(model: TouchModel, approve: str, expected: int) -> None:
    assert approval_room(playbook_of(f"- email: renewal/value\n  {approve}\n", RENEWAL), model) == expected


def test_lengths_are_rounded_up_to_open_days() -> None:
    spans = [Duration(30, "minutes"), Duration(9, "hours"), Duration(3, "days"), Duration(1, "weeks")]

    assert [business_days_of(span) for span in spans] == [1, 2, 3, 7]


def test_a_date_has_moved_only_while_the_told_one_is_still_ahead() -> None:
    playbook = playbook_of(MAIL, RENEWAL)
    told, new = "date:2027-03-31:-120 days", "date:2028-03-31:-120 days"

    assert has_moved(playbook, new, [told], now=at(2027, 1, 10))
    assert not has_moved(playbook, new, [told], now=at(2027, 12, 2))
    assert not has_moved(playbook, told, [told], now=at(2027, 1, 10))
    assert anchor_in("event:12") is None


def test_a_playbook_that_rearms_never_asks() -> None:
    playbook = playbook_of(MAIL, "trigger: {date: contract.ends_on, latest: -120 days, on_anchor_change: rearm}\n")

    assert not has_moved(playbook, "date:2028-03-31:-120 days", ["date:2027-03-31:-120 days"], now=at(2027, 1, 10))
