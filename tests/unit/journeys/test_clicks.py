"""What a run knows of the links that people followed: counted by step, and missing where nobody may know."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.journeys.plays import TUESDAY, Tale, heard, settled

STEPS = """
- {email: welcome/hello, id: say-hello}
- wait: {for: message.clicked, up_to: 3 days}
- {email: welcome/again, if: sent.say_hello.clicks == 0}
- {task: {title: {ja: 電話する, en: Call them}}, if: waited.happened == false}
- {task: {title: {ja: できた, en: Well done}}, if: sent.say_hello.clicks > 0}
"""
LATER = TUESDAY.replace(day=30)


def sent(*, followed: bool | None) -> Tale:
    tale = Tale(STEPS)
    tale.advance()
    tale.advance(TUESDAY, settled("say-hello", "accepted") | {"followed": followed})
    return tale


def click(step: str = "say-hello") -> dict[str, Any]:
    return {"purpose": "click", "step": step}


def known(tale: Tale) -> dict[str, Any]:
    return tale.state.memory["sent"]["say_hello"]


def test_a_mail_whose_links_are_followed_begins_with_no_click_and_counts_them() -> None:
    tale = sent(followed=True)
    assert known(tale)["clicks"] == 0
    assert tale.advance(TUESDAY, click(), click(), click("another-step")) == []

    assert known(tale) == {"state": "accepted", "at": TUESDAY.isoformat(), "clicks": 2}
    assert tale.state.memory["wait"]["kind"] == "event"


def test_a_click_ends_the_wait_for_one_and_the_conditions_see_it() -> None:
    tale = sent(followed=True)
    decided = tale.advance(TUESDAY, click(), heard("wait", "message.clicked", step="wait"))

    assert decided[:2] == ["WaitEnded", "Passed"]
    assert [told.title["en"] for told in tale.told if hasattr(told, "title")] == ["Well done"]


def test_whoever_followed_no_link_in_time_is_known_to_have_followed_none() -> None:
    tale = sent(followed=True)

    assert tale.advance(LATER)[:2] == ["WaitEnded", "Ordered"]


@pytest.mark.parametrize("followed", [False, None])
def test_where_nobody_may_know_of_clicks_no_condition_takes_their_absence_for_a_fact(followed: bool | None) -> None:
    tale = sent(followed=followed)
    decided = tale.advance(LATER)

    assert "clicks" not in known(tale)
    assert tale.state.memory["waited"]["happened"] is None
    assert decided == ["WaitEnded", "Passed", "Passed", "Passed", "Ended"]


def test_a_click_that_is_known_all_the_same_counts() -> None:
    tale = sent(followed=None)
    tale.advance(TUESDAY, click())

    assert known(tale)["clicks"] == 1


def test_waiting_for_anything_else_always_ends_with_an_answer() -> None:
    tale = Tale(STEPS.replace("message.clicked", "report.created"))
    tale.advance()
    tale.advance(TUESDAY, settled("say-hello", "accepted") | {"followed": False})
    tale.advance(LATER)

    assert tale.state.memory["waited"]["happened"] is False
