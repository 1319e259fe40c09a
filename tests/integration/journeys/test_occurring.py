from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from engage.db.session import Database
from engage.events.tables import Event
from engage.journeys.tables import Enrolment
from engage.tasks.tables import Task
from engage.testing import make_contact
from tests.integration.journeys.stage import MONDAY, Stage, tale

RENEWAL = "trigger: {{date: contract.ends_on, latest: -120 days, if_late: {{within: 90 days, else: task}}{more}}}\n"
GOAL = "goal: {event: contract.renewed}\n"


def renewal(more: str = "", rest: str = GOAL) -> str:
    return tale(subject="contract", head=RENEWAL.format(more=more) + rest)


def ends(stage: Stage, on: date | None, starts: date = date(2026, 4, 1)) -> None:
    stage.set(stage.contract, starts_on=starts, ends_on=on)


def test_a_contract_enters_on_its_day_once(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, renewal())
    ends(stage, date(2027, 3, 31))  # the day is Tuesday, 1 December
    stage.run(days=14)
    assert stage.runs() == []
    stage.run(hours=15)
    stage.run(hours=1)

    assert [(key, state) for key, state, _ in stage.runs()] == [("tale", "running")]
    (run,) = stage.rows(Enrolment)
    assert run.occurrence == "date:2027-03-31:-120 days"
    assert run.trigger["occurrence"] == {"date": "2027-03-31", "due": "2026-12-01"}
    assert len(stage.messages()) == 1


def test_a_date_of_a_trait_counts_too(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path)
    stage._team.write("playbooks/_shared/facts.yaml", "account.plan: text\naccount.decision_on: date\n")
    stage.publish(tale(head="trigger: {date: account.decision_on, offset: 1 days}\n"))
    stage.set(stage.account, traits={"decision_on": "2026-11-17"})
    stage.run(days=3)

    assert len(stage.runs()) == 1


def test_a_contract_learned_late_starts_at_once(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, renewal())
    stage.run()
    ends(stage, date(2027, 1, 31))
    stage.run(minutes=1)

    assert [state for _, state, _ in stage.runs()] == ["running"]


def test_a_contract_learned_too_late_is_a_row_and_a_task(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, renewal())
    ends(stage, date(2026, 12, 1))
    stage.run()
    stage.run(hours=1)

    assert stage.runs() == [("tale", "skipped", "too_late")]
    assert stage.tasks() == ["too_late"]
    assert "Tale" in stage.rows(Task, Task.title)[0]["en"]
    assert stage.messages() == []


def test_without_a_date_nothing_happens(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, renewal())
    ends(stage, None)
    stage.run(days=30)

    assert stage.runs() == []


def test_after_a_standstill_of_two_days_a_date_is_made_up_for_and_after_ten_it_is_a_row(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(
        database, tmp_path, tale(subject="contract", head="trigger: {date: contract.starts_on, offset: 30 days}\n")
    )
    ends(stage, None, starts=date(2026, 10, 19))  # 30 days later: Wednesday, 18 November
    stage.run(days=4)
    assert [state for _, state, _ in stage.runs()] == ["done"]

    ends(stage, None, starts=date(2026, 10, 26))  # 25 November
    stage.run(days=15)
    assert stage.runs()[1:] == [("tale", "skipped", "too_late")]
    assert stage.tasks() == []


def test_a_date_that_moves_before_anything_was_said_begins_anew(database: Database, tmp_path: Path) -> None:
    stage = Stage(
        database,
        tmp_path,
        tale(subject="contract", steps="- wait: 40 days\n- email: greeting/hello", head=RENEWAL.format(more="")),
    )
    ends(stage, date(2027, 3, 1))
    stage.run()
    ends(stage, date(2027, 3, 10))
    stage.run(minutes=1)

    assert [(state, why) for _, state, why in stage.runs()] == [("exited", "anchor_moved"), ("running", "wait")]


def test_a_date_that_moves_after_a_message_is_a_task_by_default(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, renewal())
    ends(stage, date(2027, 3, 1))
    stage.run()
    stage.settle("accepted")
    ends(stage, date(2027, 3, 10))
    stage.run(minutes=1)
    stage.run(minutes=1)

    assert stage.tasks().count("anchor_moved") >= 1
    assert len(stage.messages()) == 1


def test_a_date_that_moves_after_a_message_begins_anew_where_the_playbook_says_so(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(database, tmp_path, renewal(", on_anchor_change: rearm"))
    ends(stage, date(2027, 3, 1))
    stage.run()
    ends(stage, date(2027, 3, 10))
    stage.run(minutes=1)

    assert [state for _, state, _ in stage.runs()] == ["exited", "running"]
    assert sorted(state for _, _, state in stage.messages()) == ["cancelled", "queued"]


def test_the_next_term_is_a_new_run_and_no_moved_date(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, renewal())
    ends(stage, date(2027, 3, 1))
    stage.run()
    stage.say("contract.renewed")
    stage.run(days=120)
    ends(stage, date(2028, 3, 1), starts=date(2027, 3, 2))
    stage.run(days=240)

    assert [(state, why) for _, state, why in stage.runs()] == [("done", "goal"), ("running", "email-greeting-hello")]
    assert stage.tasks() == []


def test_a_recurrence_comes_each_period(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(head="trigger: {every: 3 months, anchor: contract.starts_on}\n"))
    ends(stage, None, starts=date(2026, 8, 18))
    for _ in range(5):
        stage.run(days=30)
        stage.run(days=1)

    assert list(stage.rows(Enrolment, Enrolment.occurrence)) == ["every:2026-11-18", "every:2027-02-18"]


def test_an_absence_is_noticed_and_an_event_in_time_prevents_it(database: Database, tmp_path: Path) -> None:
    absent = "trigger: {absent: app.opened, within: 3 business days, since: kickoff.held}\n"
    stage = Stage(database, tmp_path, tale(head=absent))
    stage.say("kickoff.held")
    stage.run(days=2)
    assert stage.runs() == []
    stage.run(days=1)
    assert len(stage.runs()) == 1

    stage.say("kickoff.held")
    stage.run(days=1)
    stage.say("app.opened", by=stage.ann)
    stage.run(days=6)
    assert len(stage.runs()) == 1


def test_what_our_own_staff_does_is_no_use_by_the_customer(database: Database, tmp_path: Path) -> None:
    absent = "trigger: {absent: app.opened, within: 3 days, since: contract.starts_on}\n"
    stage = Stage(database, tmp_path, tale(head=absent))
    with database.transaction() as session:
        colleague = make_contact(session, stage.account, "colleague", is_staff=True)
    stage.say("app.opened", by=colleague)
    ends(stage, None, starts=date(2026, 11, 16))
    stage.run(days=4)

    assert len(stage.runs()) == 1
    assert {event.contact_id for event in stage.rows(Event, name="app.opened")} == {colleague.id}


def test_changed_customers_are_looked_at_between_two_full_looks(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, renewal())
    stage.run()
    assert stage.occur() == 0
    ends(stage, date(2027, 2, 1))
    stage.clock.move(timedelta(minutes=2))

    assert stage.occur() == 1
    assert stage.now < MONDAY + timedelta(minutes=30)
