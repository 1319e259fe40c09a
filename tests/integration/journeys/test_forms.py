"""Forms over a real database: the task, what is filled in, the run that goes on with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engage.db.session import Database
from engage.errors import ConflictError, InputError
from engage.journeys.tables import Enrolment
from engage.tasks.listing import ListedTask, list_tasks
from engage.tasks.raising import finish_task
from tests.integration.journeys.stage import MAIL, Stage, tale

STEPS = (
    """
- form:
    title: {ja: 議事録, en: Minutes}
    up_to: 5 days
    fields:
      url: {label: {ja: 場所, en: Where}}
      day: {type: date, needed: false, label: {ja: 日, en: Day}}
      seats: {type: number, needed: false, label: {ja: 数, en: Seats}}
      agreed: {type: bool, label: {ja: 合意, en: Agreed}}
- {stop: not agreed, if: not form.form.agreed}
"""
    + MAIL
)
GOOD = {"url": "https://x.example", "day": "2026-12-01", "seats": "12", "agreed": "yes"}


def open_task(stage: Stage) -> ListedTask:
    with stage.database.reading() as session:
        (task,) = list_tasks(session, now=stage.now)
    return task


def fill_in(stage: Stage, **answers: str) -> None:
    task = open_task(stage)
    with stage.database.transaction() as session:
        finish_task(session, task.id, by="sato", outcome=None, now=stage.now, answers=answers)


def begun(database: Database, tmp_path: Path) -> Stage:
    stage = Stage(database, tmp_path, tale(steps=STEPS))
    stage.say("product.opened")
    stage.advance()
    return stage


def test_what_a_colleague_fills_in_carries_the_run_on(database: Database, tmp_path: Path) -> None:
    stage = begun(database, tmp_path)
    task = open_task(stage)
    assert (task.reason, [field["name"] for field in task.fields]) == ("form", ["url", "day", "seats", "agreed"])
    assert stage.waits() == [("wait", "playbook.form_filled")]

    fill_in(stage, **GOOD)
    stage.run()

    memory: dict[str, Any] = stage.rows(Enrolment, Enrolment.memory)[0]
    filled = {"url": "https://x.example", "day": "2026-12-01", "seats": 12, "agreed": True, "filled": True}
    assert memory["form"]["form"] == filled
    assert len(stage.messages()) == 1 and stage.waits() == []
    assert [word for _, _, word in stage.journal()][:3] == ["entered", "form", "wait_ended"]


@pytest.mark.parametrize(
    ("answers", "where"),
    [({}, "url"), ({**GOOD, "day": "soon"}, "day"), ({**GOOD, "seats": "many"}, "seats"), ({**GOOD, "x": "y"}, "x")],
)
def test_what_does_not_fit_is_refused_and_the_task_stays_open(
    database: Database, tmp_path: Path, answers: dict[str, str], where: str
) -> None:
    stage = begun(database, tmp_path)
    with pytest.raises(InputError) as refused:
        fill_in(stage, **answers)

    assert refused.value.where == where
    assert open_task(stage).state == "open"


def test_a_form_is_filled_in_once_and_only_its_own_run_hears_it(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=STEPS), tale("other", steps=STEPS))
    stage.say("product.opened")
    stage.advance()
    with database.reading() as session:
        first, _ = list_tasks(session, now=stage.now)
    for _ in range(2):
        try:
            with database.transaction() as session:
                finish_task(session, first.id, by="sato", outcome=None, now=stage.now, answers=GOOD)
        except ConflictError:
            continue
    stage.run()

    assert sorted(state for _, state, _ in stage.runs()) == ["done", "running"]


def test_an_answer_after_the_time_is_kept_and_changes_nothing(database: Database, tmp_path: Path) -> None:
    stage = begun(database, tmp_path)
    stage.run(days=6)
    assert stage.runs() == [("tale", "exited", "not agreed")]
    fill_in(stage, **GOOD)
    stage.run()

    assert stage.runs() == [("tale", "exited", "not agreed")] and stage.messages() == []
