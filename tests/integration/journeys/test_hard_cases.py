"""What happens to dates in real life: moved earlier and later, learned late, slept through, told twice at once."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from pathlib import Path

import pytest

from engage.db.session import Database
from engage.errors import ConflictError
from engage.journeys.digesting import digest
from engage.journeys.tables import Enrolment
from engage.messages.approvals import approve
from engage.messages.links import Links
from engage.messages.tables import Approval
from engage.testing import MONDAY
from tests.integration.journeys.stage import Stage, tale

WAITING = "- wait: 40 days\n- email: greeting/hello"
MAILED = "- email: greeting/hello\n- wait: 200 days"


def before(days: int, *, key: str = "tale", steps: str = MAILED, more: str = "") -> str:
    head = f"trigger: {{date: contract.ends_on, latest: -{days} days{more}}}\n"
    return tale(key, subject="contract", steps=steps, head=head)


def ends(stage: Stage, on: date, starts: date = date(2025, 4, 1)) -> None:
    stage.set(stage.contract, starts_on=starts, ends_on=on)


def told(stage: Stage) -> list[tuple[str, str, str | None]]:
    rows = stage.rows(Enrolment, Enrolment.occurrence, Enrolment.state, Enrolment.end_reason)
    return [(occurrence.split(":")[1], state, why) for occurrence, state, why in rows]


MONDAY_ON = MONDAY.date()


@pytest.mark.parametrize("direction", [-1, 3])
@pytest.mark.parametrize(
    ("steps", "rule", "expected", "tasks"),
    [
        (WAITING, "task", ["exited", "running"], 0),  # nothing was said yet: begin anew, whatever the rule
        (WAITING, "ignore", ["exited", "running"], 0),
        (MAILED, "rearm", ["exited", "running"], 0),
        (MAILED, "task", ["running", "skipped"], 1),
        (MAILED, "ignore", ["running", "skipped"], 0),
    ],
)
def test_a_renewal_date_that_moves(
    database: Database, tmp_path: Path, direction: int, steps: str, rule: str, expected: list[str], tasks: int
) -> None:
    stage = Stage(database, tmp_path, before(120, steps=steps, more=f", on_anchor_change: {rule}"))
    ends(stage, MONDAY_ON + timedelta(days=121))
    stage.run(days=1)
    assert [state for _, state, _ in told(stage)] == ["running"]
    if steps == MAILED:
        stage.settle("accepted")
    ends(stage, MONDAY_ON + timedelta(days=121 + direction))
    stage.run(minutes=1)
    stage.run(days=5)
    stage.run(minutes=1)

    assert sorted(state for _, state, _ in told(stage)) == sorted(expected)
    assert len({task for task in stage.tasks() if task == "anchor_moved"}) == tasks
    assert [state for _, _, state in stage.messages() if state == "accepted"] == (
        ["accepted"] if steps == MAILED else []
    )


def test_a_date_that_moves_so_early_that_its_day_is_long_past_is_a_row(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, before(120, steps=WAITING))
    ends(stage, MONDAY_ON + timedelta(days=121))
    stage.run(days=1)
    ends(stage, MONDAY_ON + timedelta(days=111))
    stage.run(minutes=1)

    assert sorted((state, why) for _, state, why in told(stage)) == [
        ("exited", "anchor_moved"), ("skipped", "too_late"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("days_left", "entered", "late"),
    [
        (20, [], ["t30", "t60"]),  # the day of t90 is so long past that it is not even late
        (30, ["t30"], ["t60", "t90"]),
        (60, ["t60"], ["t90"]),
        (90, ["t90"], []),
        (95, [], []),
    ],
)
def test_a_contract_signed_inside_the_window_makes_no_burst(
    database: Database, tmp_path: Path, days_left: int, entered: list[str], late: list[str]
) -> None:
    stage = Stage(database, tmp_path, *(before(days, key=f"t{days}") for days in (30, 60, 90)))
    stage.run()
    ends(stage, MONDAY_ON + timedelta(days=days_left))
    stage.run(minutes=1)

    running = [key for key, state, _ in stage.runs() if state == "running"]
    skipped = sorted(key for key, state, why in stage.runs() if (state, why) == ("skipped", "too_late"))
    assert (running, skipped) == (entered, late)


@pytest.mark.parametrize(("asleep", "expected"), [(1, "running"), (3, "running"), (5, "skipped")])
def test_an_outage_is_made_up_for_within_the_grace_and_is_a_row_beyond(
    database: Database, tmp_path: Path, asleep: int, expected: str
) -> None:
    stage = Stage(database, tmp_path, before(30))
    ends(stage, MONDAY_ON + timedelta(days=31))  # due tomorrow, Tuesday
    stage.run()
    stage.run(days=asleep)
    for _ in range(3):
        stage.run(minutes=31)

    assert [state for _, state, _ in told(stage)] == [expected]


def test_a_recurrence_slept_through_comes_once_not_once_for_each_period(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps="- wait: 1 day", head="trigger: {every: 1 week, anchor: calendar}\n"))
    stage.run()
    first = len(stage.runs())
    stage.run(days=22)
    for _ in range(3):
        stage.run(minutes=31)  # the run of before ends first; another is let in after it

    assert len(stage.runs()) == first + 1


def test_one_who_comes_twice_in_one_breath_enters_once(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=WAITING))
    for _ in range(5):
        stage.note("product.opened")
    stage.run()

    assert len(stage.runs()) == 1


def test_digests_that_run_at_once_let_nobody_in_twice(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=WAITING), tale("other", steps=WAITING))
    for _ in range(10):
        stage.note("product.opened")
    failures: list[Exception] = []

    def work() -> None:
        try:
            with database.transaction() as session:
                digest(session, stage.library, now=stage.now, limit=4)
        except Exception as error:
            failures.append(error)

    for _ in range(3):
        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    stage.run()

    assert failures == [] and sorted(key for key, _, _ in stage.runs()) == ["other", "tale"]


def test_a_corrected_fact_after_the_mail_does_not_send_it_again(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, before(30))
    right, wrong = MONDAY_ON + timedelta(days=31), MONDAY_ON + timedelta(days=300)
    ends(stage, right)
    stage.run(days=1)
    stage.settle("accepted")
    for day in (wrong, right, wrong, right):
        ends(stage, day)
        stage.run(minutes=31)

    assert len(stage.messages()) == 1
    assert [state for _, state, _ in told(stage)].count("running") == 1


def test_a_playbook_withdrawn_lets_nobody_in_and_finishes_what_it_began(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps="- wait: 2 days\n- email: greeting/hello"), tale("other"))
    stage.say("product.opened")
    stage.run()
    (tmp_path / "playbooks/tale.yaml").unlink()
    stage.publish()
    stage.run(days=2)
    stage.say("product.opened")

    assert [key for key, _, _ in stage.runs()].count("tale") == 1
    assert "email-greeting-hello" in [step for step, _, _ in stage.messages()]


@pytest.mark.parametrize("deleted", [False, True])
def test_a_goal_met_while_a_message_waits_for_approval_takes_it_out_of_the_colleagues_hands(
    database: Database, tmp_path: Path, deleted: bool
) -> None:
    steps = "- email: greeting/hello\n  approve: always\n- wait: 9 days\n- email: greeting/hello"
    other = tale("other", head="trigger: {event: app.opened}\n")
    stage = Stage(database, tmp_path, tale(steps=steps, head="goal: {event: kickoff.held}\n"), other)
    stage.say("product.opened", by=stage.ann)
    stage.run()
    if deleted:
        (tmp_path / "playbooks/tale.yaml").unlink()
        stage.publish()
    asked = next(iter(stage.rows(Approval)))
    stage.say("kickoff.held")
    stage.run()

    assert stage.runs()[0] == ("tale", "done", "goal")
    assert stage.rows(Approval, Approval.state) == ["withdrawn"]
    with database.transaction() as session, pytest.raises(ConflictError, match="decided already"):
        approve(
            session, stage.library, asked.public_id, links=Links("s", "https://e.example"), by=stage.sato.id,
            now=stage.now,
        )  # fmt: skip
