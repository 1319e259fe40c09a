"""Rounds of a repeat, stops, starts and facts that a run notes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engage.language.catalogue import Catalogue
from engage.language.parse import parse_playbook
from engage.language.program import Program
from tests.unit.journeys.plays import HEAD, TUESDAY, Tale, settled

ROUNDS = """
- repeat:
    at_most: 3
    every: 1 week
    until: account.phase == "adoption"
    steps:
      - {email: kickoff/reminder, id: remind}
      - {wait: 1 day, id: rest}
- task: {title: {ja: 電話, en: Call}}
"""


def at(days: float) -> Any:
    return TUESDAY + timedelta(days=days)


def through_a_round(tale: Tale, round_: int, *, begins: float) -> None:
    """From the mail of a round to the rest before the next; the run has just begun the round."""
    assert tale.state.memory["wait"] == {"kind": "message", "step": "remind"}
    assert tale.advance(at(begins), settled("remind", "accepted", visit=round_)) == ["Settled", "Waiting"]
    assert (tale.told[0].visit, tale.told[1].visit) == (round_, round_)


def test_each_round_is_a_visit_and_rounds_keep_their_distance() -> None:
    tale = Tale(ROUNDS)

    assert tale.advance() == ["Repeated", "Ordered"]
    through_a_round(tale, 1, begins=0)
    assert tale.advance(at(1)) == ["WaitEnded", "Waiting"]
    assert tale.state.due_at == at(7)
    assert tale.advance(at(6)) == []
    assert tale.advance(at(7)) == ["WaitEnded", "Repeated", "Ordered"]
    assert [decision.visit for decision in tale.told] == [1, 2, 2]
    through_a_round(tale, 2, begins=7)
    tale.advance(at(8))
    assert tale.advance(at(14)) == ["WaitEnded", "Repeated", "Ordered"]
    through_a_round(tale, 3, begins=14)
    assert tale.advance(at(15)) == ["WaitEnded", "Repeated", "TaskRaised", "Ended"]
    assert (tale.told[1].reason, tale.told[1].visit, tale.told[2].visit) == ("at_most", 3, 1)
    assert "round" not in tale.state.memory


def test_no_round_begins_when_the_condition_holds_at_first() -> None:
    tale = Tale(ROUNDS, account={"phase": "adoption"})

    assert tale.advance() == ["Repeated", "TaskRaised", "Ended"]
    assert (tale.told[0].reason, tale.told[0].inputs) == ("until", {"account.phase": "adoption"})


def test_a_condition_that_came_true_ends_the_rounds() -> None:
    tale = Tale(ROUNDS)
    tale.advance()
    through_a_round(tale, 1, begins=0)
    tale.advance(at(1))
    tale.facts["account"] = {"phase": "adoption"}

    assert tale.advance(at(7)) == ["WaitEnded", "Repeated", "TaskRaised", "Ended"]
    assert tale.told[1].reason == "until"


def test_a_round_that_took_longer_than_the_distance_is_followed_at_once() -> None:
    tale = Tale(ROUNDS)
    tale.advance()
    tale.advance(at(20), settled("remind", "accepted"))

    assert tale.advance(at(21)) == ["WaitEnded", "Repeated", "Ordered"]


def test_the_condition_of_the_repeat_itself_is_asked_once() -> None:
    tale = Tale(ROUNDS.replace("- repeat:", '- if: account.touch_model == "tech"\n  repeat:'))
    tale.advance()
    tale.facts["account"] = {"touch_model": "high"}
    tale.advance(at(0), settled("remind", "accepted"))

    assert tale.advance(at(20)) == ["WaitEnded", "Repeated", "Ordered"]


def test_a_lost_recipient_in_a_round_is_a_visit_too_and_the_next_round_counts_on() -> None:
    tale = Tale(ROUNDS)
    tale.advance()
    gone = settled("remind", "skipped", visit=1, reason="recipient_gone")

    assert tale.advance(at(0), gone) == ["Settled", "Ordered"]
    assert tale.told[1].visit == 2
    tale.advance(at(0), settled("remind", "accepted", visit=2))
    assert tale.advance(at(8)) == ["WaitEnded", "Repeated", "Ordered"]
    assert tale.told[2].visit == 3


@pytest.mark.parametrize("late", [0, 3, 40])
def test_an_outage_makes_no_burst_of_rounds(late: int) -> None:
    tale = Tale("- repeat: {at_most: 9, every: 1 day, steps: [{task: {title: {ja: あ, en: A}}}]}\n")
    tale.advance()

    assert tale.advance(at(1 + late)) == ["WaitEnded", "Repeated", "TaskRaised", "Waiting"]
    assert tale.state.due_at == at(2 + late)


def test_a_stop_ends_the_run_for_its_reason() -> None:
    tale = Tale("- {stop: not interested, if: account.phase is missing}\n- email: kickoff/welcome\n")

    assert tale.advance() == ["Ended"]
    assert (tale.state.status, tale.told[0].reason) == ("exited", "not interested")
    assert tale.told[0].inputs == {"account.phase": None}

    tale = Tale("- {stop: not interested, if: account.phase is set}\n- email: kickoff/welcome\n")
    assert tale.advance() == ["Passed", "Ordered", "Ended"]


def test_a_start_names_the_other_playbook_and_goes_on() -> None:
    tale = Tale("- start: adoption\n- email: kickoff/welcome\n")

    assert tale.advance() == ["Started", "Ordered", "Ended"]
    assert tale.told[0].playbook == "adoption"


def play(steps: str, **known: Any) -> Tale:
    """A tale with facts of a team's own."""
    kinds = {"account.plan": "text", "account.reviewed_on": "date", "contract.mood": "text", "contract.steps": "number"}
    tale = Tale("- wait: 1 day\n", **known)
    text = HEAD + "trigger: {event: contract.created}\nsteps:\n" + steps
    tale.playbook = parse_playbook(text, "tale.yaml", Catalogue.builtin().with_facts(kinds))  # type: ignore[arg-type]
    tale.program = Program.of(tale.playbook)
    return tale


def test_a_fact_that_is_set_is_seen_by_the_steps_behind_it() -> None:
    tale = play(
        """
  - set: {account.plan: gold, account.reviewed_on: today, contract.mood: null}
  - choose: [{if: account.plan == "gold", steps: [{stop: golden}]}]
""",
        contract={"mood": "good", "external_id": "c-1"},
        today=TUESDAY.date(),
    )

    assert tale.advance() == ["FactsSet", "Chose", "Ended"]
    assert tale.told[0].values == {"account.plan": "gold", "account.reviewed_on": "2026-11-24", "contract.mood": None}
    assert tale.told[2].reason == "golden"


def test_a_fact_of_nobody_is_not_set() -> None:
    tale = play("  - set: {contract.steps: 3}\n", contract=None)

    assert tale.advance() == ["Passed", "Ended"]
    assert tale.told[0].reason == "nobody_there"
