"""Rounds, starts and noted facts over a real database: once each, journaled, and told like any other change."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.customers.tables import Account, Contact, Contract
from engage.db.session import Database
from engage.events.tables import Event
from engage.journeys.tables import Enrolment
from tests.integration.journeys.stage import Stage, tale

TASK = "{task: {title: {ja: あ, en: A}}}"


def test_rounds_are_journaled_each_with_its_visit(database: Database, tmp_path: Path) -> None:
    steps = f"- repeat: {{at_most: 3, every: 2 days, until: account.phase is missing, steps: [{TASK}]}}"
    stage = Stage(database, tmp_path, tale(steps=steps))
    stage.say("product.opened")
    stage.advance()
    stage.run(days=2)
    stage.run(days=9)

    visits = [(step, visit) for step, visit, word in stage.journal() if word in ("repeated", "task")]
    assert visits == [
        *(pair for n in (1, 2, 3) for pair in (("repeat:round", n), ("task", n))),
        ("repeat:over", 3),
    ]
    assert stage.runs() == [("tale", "done", "completed")]


def test_messages_of_rounds_are_messages_of_their_own(database: Database, tmp_path: Path) -> None:
    steps = "- repeat: {at_most: 2, every: 2 days, steps: [{email: greeting/hello, id: mail}]}"
    stage = Stage(database, tmp_path, tale(steps=steps))
    stage.say("product.opened")
    stage.advance()
    stage.settle("accepted")
    stage.run(days=2)
    stage.settle("accepted")

    assert [(step, visit) for step, visit, _ in stage.messages()] == [("mail", 1), ("mail", 2)]
    assert stage.runs() == [("tale", "done", "completed")]


def test_a_playbook_begins_another_once_for_the_same_subject(database: Database, tmp_path: Path) -> None:
    other = tale("other", steps=f"- {TASK}", head="trigger: {event: box.ticked}\n")
    stage = Stage(database, tmp_path, tale(steps="- start: other"), other)
    stage.say("product.opened")
    stage.advance()
    stage.run()

    assert stage.runs() == [("tale", "done", "completed"), ("other", "done", "completed")]
    ((occurrence, trigger),) = stage.rows(Enrolment, Enrolment.occurrence, Enrolment.trigger)[1:]
    assert occurrence.startswith("event:")
    assert trigger["event"]["properties"]["started_by"] == {"playbook": "tale", "step": "start"}


def test_two_runs_that_start_the_same_playbook_start_it_once(database: Database, tmp_path: Path) -> None:
    other = tale("other", steps="- wait: 9 days", head='trigger: {event: box.ticked, if: account.name == "nobody"}\n')
    starts = [tale(key, steps="- start: other") for key in ("tale", "twin")]
    stage = Stage(database, tmp_path, *starts, other)
    stage.say("product.opened")
    stage.run()

    assert sorted(key for key, _, _ in stage.runs()) == ["other", "tale", "twin"]


@pytest.mark.parametrize("head", ["reentry: once\n", 'audience: account.phase == "nowhere"\n'])
def test_the_other_playbook_decides_who_enters(database: Database, tmp_path: Path, head: str) -> None:
    other = tale("other", steps=f"- {TASK}", head="trigger: {event: box.ticked}\n" + head)
    stage = Stage(database, tmp_path, tale(steps="- start: other"), other)
    for _ in range(2):
        stage.say("product.opened")
        stage.run()

    entered = [key for key, _, _ in stage.runs()].count("other")
    assert entered == (1 if "once" in head else 0)


SET = """
- set: {account.review_state: asked, contract.mood: good}
- wait: {for: box.ticked, up_to: 9 days}
- set: {account.review_state: null}
"""


def test_what_a_run_notes_is_an_event_first_and_then_a_fact(database: Database, tmp_path: Path) -> None:
    facts = "account.review_state: text\ncontract.mood: text\n"
    stage = Stage(database, tmp_path)
    stage.write("playbooks/_shared/facts.yaml", facts)
    stage.publish(tale(steps=SET))
    stage.say("product.opened")
    stage.advance()
    stage.digest()

    told = [name for name in stage.rows(Event, Event.name) if name in ("group", "contract.updated")]
    assert told == ["group", "contract.updated"]
    assert stage.rows(Account, Account.traits)[0]["review_state"] == "asked"
    assert stage.rows(Contract, Contract.traits)[0]["mood"] == "good"
    stage.run(days=10)
    assert "review_state" not in stage.rows(Account, Account.traits)[0]
    assert len(stage.rows(Contact)) == 2
