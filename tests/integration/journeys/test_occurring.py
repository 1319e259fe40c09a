from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from engage.db.session import Database
from engage.events.tables import Event
from engage.journeys.occurring import enrol_occurrences
from engage.journeys.sieving import due
from engage.journeys.tables import Enrolment
from engage.tasks.tables import Task
from engage.testing import make_account, make_contact, make_contract
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


def test_a_look_reads_only_whom_it_may_concern(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, renewal(rest=GOAL + 'audience: account.phase != "churned"\n'))
    ends(stage, date(2027, 3, 1))
    with database.transaction() as session:
        for number in range(30):
            far = make_account(session, f"far-{number}", phase="adoption")
            make_contract(session, far, f"far-{number}", ends_on=date(2028, 9, 1))
            gone = make_account(session, f"gone-{number}", phase="churned")
            make_contract(session, gone, f"gone-{number}", ends_on=date(2027, 3, 1))
    assert concerned(stage) == [stage.contract.id]
    stage.run()
    assert (len(stage.runs()), concerned(stage)) == (1, [])

    ends(stage, date(2028, 6, 1))
    assert concerned(stage) == [stage.contract.id]


def concerned(stage: Stage) -> list[int]:
    with stage.database.reading() as session:
        (live,) = (one for one in stage.library.live(session) if one.key == "tale")
        return due(session, stage.library, live, now=stage.now, changed_since=None)


ENDS = [("exit:\n  - event: contract.cancelled\n", "contract.cancelled"), (GOAL, "contract.renewed")]


@pytest.mark.parametrize(("rest", "event"), ENDS)
def test_what_ends_a_run_is_not_lost_while_dates_are_being_enrolled(
    database: Database, tmp_path: Path, rest: str, event: str
) -> None:
    stage = Stage(database, tmp_path, renewal(rest=rest))
    ends(stage, date(2027, 3, 31))
    stage.digest()
    stage.clock.move(timedelta(days=15))
    with database.transaction() as scanning:
        enrol_occurrences(scanning, stage.library, now=stage.now)
        if database.dialect == "postgresql":  # SQLite has one writer: there the other worker comes after this commit
            stage.say(event, contract_id="c-1")
    if database.dialect == "sqlite":
        stage.say(event, contract_id="c-1")
    stage.advance()

    ((_, state, reason),) = stage.runs()
    assert (state, reason) in (("exited", "contract.cancelled"), ("done", "goal"))
    assert stage.messages() == []


def test_what_came_long_before_a_run_entered_does_not_end_it(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, renewal())
    ends(stage, date(2027, 3, 31))
    stage.say("contract.renewed", contract_id="c-1")
    stage.run(days=15)

    assert [(key, state) for key, state, _ in stage.runs()] == [("tale", "running")]


def test_a_recurrence_that_all_share_concerns_nobody_twice(database: Database, tmp_path: Path) -> None:
    head = "trigger: {every: 3 months, anchor: fiscal_quarter}\n"
    stage = Stage(database, tmp_path, tale(head=head))
    with database.transaction() as session:
        other = make_account(session, "other", fiscal_year_end_month=2, now=MONDAY - timedelta(days=30))
    assert concerned(stage) == [stage.account.id]  # since 1 October; the other's quarters begin with December

    stage.run(days=15)
    stage.run(days=1)
    assert {run.occurrence for run in stage.rows(Enrolment)} == {"every:2026-12-01"}
    assert other.id not in concerned(stage)
