"""Forms and leads in a run: what is asked, what comes back, what happens when nobody answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.unit.journeys.plays import TUESDAY, Tale

FORM = """
- form:
    title: {ja: 議事録, en: Minutes}
    to: csm
    due: 1 day
    up_to: 5 days
    fields: {url: {label: {ja: 場所, en: Where}}, seats: {type: number, needed: false, label: {ja: 数, en: Seats}}}
  id: minutes-form
- choose:
    - if: form.minutes_form.seats > 10
      steps: [{email: kickoff/plan}]
    - if: form.minutes_form.filled
      steps: [{email: kickoff/welcome}]
"""


def filled(**values: Any) -> dict[str, Any]:
    event = {
        "id": 9,
        "name": "playbook.form_filled",
        "occurred_at": TUESDAY.isoformat(),
        "properties": {"values": values},
    }
    return {"purpose": "wait", "step": "minutes-form", "event": event}


def test_a_form_asks_a_colleague_and_waits() -> None:
    tale = Tale(FORM)

    assert tale.advance() == ["FormAsked"]
    asked = tale.told[0]
    assert [(field["name"], field["type"], field["needed"]) for field in asked.fields] == [
        ("url", "text", True), ("seats", "number", False),
    ]  # fmt: skip
    assert (asked.role, asked.due_at, asked.until) == ("csm", TUESDAY + timedelta(days=1), TUESDAY + timedelta(days=5))
    assert tale.state.due_at == asked.until
    assert tale.advance(TUESDAY + timedelta(days=4)) == []


def test_what_was_filled_in_is_known_to_what_comes_next() -> None:
    tale = Tale(FORM)
    tale.advance()

    assert tale.advance(TUESDAY, filled(url="https://x.example", seats=12)) == [
        "WaitEnded",
        "Chose",
        "Ordered",
        "Ended",
    ]
    assert tale.told[2].step.template == "kickoff/plan"
    assert tale.told[2].facts["form"]["minutes_form"] == {"url": "https://x.example", "seats": 12, "filled": True}


def test_a_form_that_nobody_fills_in_is_waited_for_no_longer() -> None:
    tale = Tale(FORM)
    tale.advance()

    assert tale.advance(TUESDAY + timedelta(days=5)) == ["WaitEnded", "Chose", "Ended"]
    assert (tale.told[0].happened, tale.told[1].way) == (False, "none")


def test_a_lead_is_work_for_sales_with_its_reason() -> None:
    tale = Tale("- lead: {title: {ja: 増席, en: More seats}, why: {ja: 満席, en: All seats are taken}}\n")

    assert tale.advance() == ["TaskRaised", "Ended"]
    raised = tale.told[0]
    assert (raised.role, raised.reason, raised.note["en"]) == ("sales", "lead", "All seats are taken")
