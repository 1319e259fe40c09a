"""A message in the product, and the mail to whoever has not seen it in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from engage.customers.recipients import Person
from engage.journeys.decisions import Ordered, WaitEnded, Waiting
from engage.language.spec import EmailStep
from tests.unit.journeys.plays import AIKO, BEN, TUESDAY, Tale, settled

STEPS = """
- in_app: renewal/plan
  id: plan
  to: {to}
  unless_seen: {{within: 2 business days, email: renewal/plan-mail}}
- task: {{title: {{ja: 次, en: Next}}}}
"""
THURSDAY = TUESDAY + timedelta(days=2)
EVERYBODY = "{all: [champion, sponsor]}"


def shown(to: str = "champion") -> Tale:
    """The run rests behind a message that has been put into its readers' inboxes."""
    tale = Tale(STEPS.format(to=to))
    tale.advance()
    readers = [AIKO] if to == "champion" else [AIKO, BEN]
    assert tale.advance(TUESDAY, *(settled("plan", "accepted", to=one) for one in readers)) == ["Settled", "Waiting"]
    return tale


def seen(who: Person) -> dict[str, Any]:
    return {"purpose": "unseen", "step": "plan", "contact": who.id}


def mailed(tale: Tale) -> list[tuple[str, str, int, str]]:
    orders = (one for one in tale.told if isinstance(one, Ordered))
    assert all(isinstance(one.step, EmailStep) for one in orders)
    return [
        (one.step_id, one.template, one.person.id, str(one.sender)) for one in tale.told if isinstance(one, Ordered)
    ]


def test_the_run_waits_to_be_told_that_it_was_seen_and_then_goes_on_at_once() -> None:
    tale = shown()
    waiting = tale.told[1]

    assert isinstance(waiting, Waiting) and waiting.events == ("in_app.seen",)
    assert (waiting.step_id, waiting.until) == ("plan:seen", THURSDAY)
    assert tale.advance(TUESDAY + timedelta(hours=1)) == []
    assert tale.advance(TUESDAY + timedelta(hours=2), seen(AIKO)) == ["WaitEnded", "TaskRaised", "Ended"]
    ended = tale.told[0]
    assert isinstance(ended, WaitEnded) and (ended.happened, ended.event) == (True, "in_app.seen")


@pytest.mark.parametrize(
    ("told", "now", "left"),
    [
        ((), THURSDAY, [1, 2]),
        ((seen(AIKO),), THURSDAY, [2]),
        ((seen(AIKO), seen(BEN)), TUESDAY + timedelta(hours=3), []),
    ],
    ids=["nobody", "one of two", "both, before the time is up"],
)
def test_only_those_who_have_not_seen_it_get_the_mail(
    told: tuple[dict[str, Any], ...], now: datetime, left: list[int]
) -> None:
    tale = shown(EVERYBODY)
    for signal in told:
        tale.advance(TUESDAY + timedelta(hours=3), signal)
    if now == THURSDAY:
        tale.advance(now)

    assert [(step, reader) for step, _, reader, _ in mailed(tale)] == [("plan:email", key) for key in left]


def test_the_mail_is_an_ordinary_message_signed_and_settled_before_the_next_step() -> None:
    tale = shown()

    assert tale.advance(THURSDAY) == ["WaitEnded", "Ordered"]
    assert mailed(tale) == [("plan:email", "renewal/plan-mail", AIKO.id, "7")]
    assert tale.advance(THURSDAY, settled("plan:email", "skipped", to=AIKO, reason="seen_in_product")) == [
        "Settled",
        "TaskRaised",
        "Ended",
    ]


def test_a_message_that_was_not_shown_is_not_waited_for() -> None:
    tale = Tale(STEPS.format(to="champion"))
    tale.advance()

    assert tale.advance(TUESDAY, settled("plan", "skipped", to=AIKO, reason="journey_ended"))[1] == "TaskRaised"


def test_the_mail_goes_to_the_same_reader_though_another_has_the_role_by_then() -> None:
    tale = shown()
    tale.facts["people"] = [Person(id=9, roles=("champion",), facts={}), AIKO]
    tale.advance(THURSDAY)

    assert [reader for _, _, reader, _ in mailed(tale)] == [AIKO.id]


def test_where_its_reader_is_gone_or_has_no_address_a_colleague_is_told() -> None:
    tale = shown()
    tale.facts["people"] = [BEN]
    assert "TaskRaised" in tale.advance(THURSDAY)
    assert tale.told[1].reason == "nobody_found"

    tale = shown()
    tale.advance(THURSDAY)
    refused = settled("plan:email", "skipped", to=AIKO, reason="recipient_gone_no_address")
    assert tale.advance(THURSDAY, refused)[:2] == ["Settled", "TaskRaised"]
    assert tale.told[1].reason == "nobody_found"


def test_a_last_message_with_a_mail_behind_it_is_waited_for() -> None:
    tale = Tale("- {in_app: renewal/plan, id: plan, unless_seen: {within: 1 day, email: renewal/plan-mail}}")

    assert tale.advance() == ["Ordered"] and tale.told[0].wakes is True


def test_what_is_shown_until_a_day_that_has_passed_is_passed_over() -> None:
    steps = "- {in_app: renewal/plan, id: plan, display: banner, pages: /billing, expires: contract.ends_on}"
    tale = Tale(steps, contract={"ends_on": TUESDAY.date()})
    tale.advance()
    assert tale.told[0].showing == {
        "display": "banner", "frequency": "until_dismissed", "pages": ["/billing"], "until": "2026-11-24T15:00:00+00:00"
    }  # fmt: skip

    tale = Tale(steps, contract={"ends_on": TUESDAY.date() - timedelta(days=1)})
    assert tale.advance() == ["Passed", "Ended"] and tale.told[0].reason == "date_passed"
