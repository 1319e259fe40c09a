"""Who never permitted mail has not refused to hear: shown in the product, else told by a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engage.customers.recipients import Person
from engage.language.spec import EmailStep, InAppStep
from engage.language.steps import messages_in, templates_sent
from tests.unit.journeys.plays import AIKO, BEN, TUESDAY, Tale, settled

LATER = TUESDAY + timedelta(days=1)
CHO = Person(id=3, roles=("champion",), facts={"email": "cho@aoba.example"})
SHOWN = "without_permission: kickoff/shown"
CITING = """
- email: kickoff/reminder
  id: reminder
  if: sent.mail.state == "accepted"
"""


def tale(*said: str, to: str = "[champion]", after: str = "- wait: 1 day\n", people: Any = (AIKO, BEN)) -> Tale:
    lines = "".join(f"  {line}\n" for line in (f"to: {to}", *said))
    made = Tale(f"- email: kickoff/welcome\n  id: mail\n{lines}{after}", people=people)
    made.advance()
    return made


def lacking(to: Person = AIKO, reason: str = "no_consent", visit: int = 1) -> dict[str, Any]:
    return settled("mail", "skipped", reason=reason, to=to, visit=visit)


def ordered(one: Tale) -> list[tuple[int, str, str]]:
    """Who is told what, and where."""
    kinds = {True: "email", False: "in_app"}
    found = [each for each in one.told if hasattr(each, "person")]
    return [(each.person.id, each.template, kinds[isinstance(each.step, EmailStep)]) for each in found]


@pytest.mark.parametrize("reason", ["no_consent", "not_confirmed"])
def test_who_never_permitted_mail_is_shown_the_step_in_the_product(reason: str) -> None:
    told = tale(SHOWN)

    assert told.advance(LATER, lacking(reason=reason)) == ["Settled", "Ordered"]
    assert (ordered(told), told.state.visit) == ([(AIKO.id, "kickoff/shown", "in_app")], 2)
    assert told.advance(LATER, settled("mail", "accepted", visit=2, to=AIKO)) == ["Settled", "Waiting"]


def test_without_words_for_the_product_a_colleague_is_asked_to_tell_them() -> None:
    told = tale()

    assert told.advance(LATER, lacking())[:2] == ["Settled", "TaskRaised"]
    assert (told.told[1].reason, told.told[1].role) == ("no_permission", "csm")
    assert told.told[1].inputs["left_out"] == [{"contact_id": AIKO.id, "reason": "no_consent"}]


@pytest.mark.parametrize("reason", ["opted_out", "address_stopped_topic"])
def test_a_refusal_is_got_around_neither_in_the_product_nor_by_a_task(reason: str) -> None:
    told = tale(SHOWN)

    assert told.advance(LATER, lacking(reason=reason)) == ["Settled", "Waiting"]


def test_a_reader_who_may_be_mailed_comes_before_one_who_is_shown_it() -> None:
    told = tale(SHOWN, to="[champion, sponsor]")

    told.advance(LATER, lacking())
    assert ordered(told) == [(BEN.id, "kickoff/welcome", "email")]
    told.advance(LATER, lacking(BEN, visit=2, reason="opted_out"))
    assert ordered(told) == [(AIKO.id, "kickoff/shown", "in_app")]


def test_of_many_each_gets_what_they_permitted_and_who_refused_gets_nothing() -> None:
    told = tale(SHOWN, to="{all: [champion, sponsor]}", people=(AIKO, BEN, CHO))
    news = lacking(AIKO), lacking(CHO, reason="opted_out"), settled("mail", "accepted", to=BEN)

    assert told.advance(LATER, *news) == ["Settled", "Ordered"]
    assert ordered(told) == [(AIKO.id, "kickoff/shown", "in_app")]


def test_no_reminder_cites_a_mail_that_was_only_shown() -> None:
    told = tale(SHOWN, after=CITING)
    told.advance(LATER, lacking())

    assert told.advance(LATER, settled("mail", "accepted", visit=2, to=AIKO)) == ["Settled", "Passed", "Ended"]
    assert told.state.memory["sent"]["mail"]["state"] == "shown"


def test_what_is_shown_leaves_when_and_to_whom_the_mail_would_have() -> None:
    told = tale(
        SHOWN, "topic: voice", "hours: any", "approve: always", to="[{role: champion, template: kickoff/other}]"
    )
    step, shown = messages_in(told.playbook.steps[0])

    assert isinstance(shown, InAppStep)
    assert (shown.id, shown.topic, shown.hours, shown.approve) == (step.id, step.topic, step.hours, step.approve)
    assert templates_sent(shown) == ("kickoff/shown",)
