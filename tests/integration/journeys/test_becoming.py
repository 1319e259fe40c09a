"""Conditions that turn true: who enters, who does not, and what a correction takes back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engage.db.session import Database
from engage.journeys.tables import Enrolment, HeldCondition
from engage.testing import make_account
from tests.integration.journeys.stage import MONDAY, Stage, tale

RISK = 'trigger: {{becomes: account.phase == "at_risk"{more}}}\n'


def playbook(more: str = "", rest: str = "", **other: str) -> str:
    return tale(head=RISK.format(more=more) + rest, steps="- wait: 1 day", **other)


def held(stage: Stage) -> list[str]:
    return list(stage.rows(HeldCondition, HeldCondition.state))


def turn(stage: Stage, phase: str, **later: float) -> None:
    stage.set(stage.account, phase=phase)
    stage.run(minutes=1)
    stage.run(**later)


def test_who_turns_enters_once_with_the_day_it_was_learned(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, playbook())
    stage.run()
    assert stage.runs() == []
    turn(stage, "at_risk")
    stage.run(minutes=1)
    stage.run(hours=1)

    (run,) = stage.rows(Enrolment)
    assert run.trigger["occurrence"]["date"] == f"{MONDAY:%Y-%m-%d}"
    assert run.occurrence.startswith("becomes:")
    assert stage.explain()["runs"][0]["playbook"] == "tale"


@pytest.mark.parametrize(("more", "entered"), [("", 0), (", already: enter", 1)])
def test_who_fulfils_it_at_first_enters_only_where_the_playbook_says_so(
    database: Database, tmp_path: Path, more: str, entered: int
) -> None:
    stage = Stage(database, tmp_path)
    stage.set(stage.account, phase="at_risk")
    stage.publish(playbook(more))
    stage.run()
    stage.run(hours=1)
    assert len(stage.runs()) == entered

    turn(stage, "adoption", days=2)
    assert held(stage) == []
    turn(stage, "at_risk")
    assert len(stage.runs()) == entered + 1


def test_it_must_hold_without_a_break(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, playbook(", for: 14 days"))
    stage.run()
    turn(stage, "at_risk", days=13)
    assert (stage.runs(), held(stage)) == ([], ["waiting"])
    turn(stage, "adoption", minutes=1)
    turn(stage, "at_risk", days=13)
    assert stage.runs() == []
    stage.run(days=1)

    assert [state for _, state, _ in stage.runs()] == ["running"]
    assert held(stage) == ["settled"]


def test_a_correction_takes_back_what_has_not_begun_and_leaves_what_has(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, playbook(", for: 2 days"), playbook(key="soon"))
    stage.run()
    turn(stage, "at_risk", hours=1)
    turn(stage, "adoption", days=5)

    assert stage.runs() == [("soon", "done", "completed")]


def test_a_condition_that_time_makes_false_does_not_begin(database: Database, tmp_path: Path) -> None:
    trigger = "trigger: {becomes: days_until(contract.ends_on) > 20, for: 3 days}\n"
    stage = Stage(database, tmp_path, tale(head=trigger))
    stage.run()
    stage.set(stage.contract, ends_on=MONDAY.date() + timedelta(days=21))
    stage.run(minutes=1)
    stage.run(days=3, hours=1)

    assert (stage.runs(), held(stage)) == ([], [])


def test_a_new_version_goes_on_counting_and_a_new_condition_begins_anew(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, playbook(", for: 14 days"))
    stage.run()
    turn(stage, "at_risk", days=10)
    stage.publish(playbook(", for: 12 days", "priority: high\n"))
    stage.run(days=2, minutes=1)
    assert len(stage.runs()) == 1

    changed = playbook().replace('"at_risk"', '"at_risk" or account.phase == "lost"')
    stage.publish(changed)
    stage.run(hours=1)
    assert len(stage.runs()) == 1 and held(stage) == ["settled"]


def test_an_outage_makes_up_for_what_was_due_and_begins_it_once(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, playbook(", for: 1 day"))
    stage.run()
    turn(stage, "at_risk")
    stage.run(days=4)
    stage.run(minutes=1)

    assert len(stage.runs()) == 1


def test_a_customer_who_comes_later_and_fulfils_it_enters(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, playbook())
    stage.run()
    with database.transaction() as session:
        make_account(session, "newcomer", country="JP", phase="at_risk", now=stage.now)
    stage.run(hours=1)

    assert len(stage.runs()) == 1


@pytest.mark.parametrize("subject", ["account", "contact", "contract"])
def test_every_kind_of_subject_can_turn(database: Database, tmp_path: Path, subject: str) -> None:
    stage = Stage(database, tmp_path, playbook(subject=subject))
    stage.run()
    turn(stage, "at_risk")

    assert len(stage.runs()) == (2 if subject == "contact" else 1)
