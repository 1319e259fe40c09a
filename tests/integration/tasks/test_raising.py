from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engage.db.session import Database
from engage.errors import ConflictError, NotFoundError
from engage.tasks.listing import list_tasks
from engage.tasks.raising import NewTask, finish_task, raise_tasks
from engage.tasks.tables import Task
from engage.testing import MONDAY, make_account, make_staff


def work(key: str, account_id: int | None = None, **said: Any) -> NewTask:
    return NewTask(
        key=key, account_id=account_id, title={"ja": "電話", "en": "Call"}, reason="step", due_at=MONDAY, **said
    )


def test_a_task_is_raised_once_by_its_key(database: Database) -> None:
    with database.transaction() as session:
        assert raise_tasks(session, [work("a"), work("b"), work("a")], now=MONDAY) == 2
    with database.transaction() as session:
        assert raise_tasks(session, [work("a"), work("c")], now=MONDAY) == 1
        assert raise_tasks(session, [], now=MONDAY) == 0


def test_a_task_goes_to_the_owner_of_the_account_or_to_the_head(database: Database) -> None:
    with database.transaction() as session:
        account = make_account(session)
        csm = make_staff(session, owns=account)
        head = make_staff(session, "head@engage.example", position="cs_head")
        tasks = [
            work("csm", account.id),
            work("head", account.id, role="cs_head"),
            work("sales", account.id, role="sales"),
        ]
        raise_tasks(session, tasks, now=MONDAY)
        found = dict(session.execute(select(Task.key, Task.staff_id)).all())

    assert found == {"csm": csm.id, "head": head.id, "sales": None}


def test_open_tasks_are_listed_by_due_date_and_late_ones_say_so(database: Database) -> None:
    with database.transaction() as session:
        account = make_account(session)
        raise_tasks(session, [work("a", account.id), work("b")], now=MONDAY)
        late = list_tasks(session, now=MONDAY + timedelta(days=1))
        ours = list_tasks(session, now=MONDAY, account="acme")

    assert [task.is_late for task in late] == [True, True]
    assert [(task.account_name, task.assignee) for task in ours] == [("Acme", "csm")]


def test_a_task_is_done_once(database: Database) -> None:
    with database.transaction() as session:
        raise_tasks(session, [work("a")], now=MONDAY)
        public_id = session.scalars(select(Task.public_id)).one()
        done = finish_task(session, public_id, by="sato", outcome="called", now=MONDAY)
        assert (done.state, done.done_by, done.outcome) == ("done", "sato", "called")
        with pytest.raises(ConflictError):
            finish_task(session, public_id, by="sato", outcome=None, now=MONDAY)
        with pytest.raises(NotFoundError):
            finish_task(session, "task_none", by="sato", outcome=None, now=MONDAY)
        assert list_tasks(session, now=MONDAY) == []
        assert len(list_tasks(session, now=MONDAY, state=None)) == 1
