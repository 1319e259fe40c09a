from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from engage.db.bulk import MANY, insert_ignore, update_rows, upsert
from engage.db.session import Database
from engage.db.sets import one_of
from engage.journeys.tables import Lease
from engage.messages.tables import Suppression
from engage.tasks.tables import Task

NOW = datetime(2026, 11, 24, 1, 2, 3, 456789, tzinfo=UTC)


def task(number: int, **said: Any) -> dict[str, Any]:
    row = {
        "public_id": f"task_{number}",
        "key": f"key-{number}",
        "account_id": None,
        "role": "csm",
        "title": {"ja": "電話 \"'%s:x", "en": "Call\n{}"},
        "reason": "step",
        "due_at": NOW,
        "created_at": NOW,
    }
    return row | said


def test_rows_go_in_once_and_come_out_as_they_were(database: Database) -> None:
    with database.transaction() as session:
        new = insert_ignore(session, Task, [task(1), task(2), task(1)], returning=[Task.id, Task.key])
        again = insert_ignore(session, Task, [task(2), task(3)], returning=[Task.key])
        rows = session.execute(select(Task.title, Task.note, Task.state, Task.due_at, Task.account_id)).all()

    assert [row.key for row in new] == ["key-1", "key-2"]
    assert [row.key for row in again] == ["key-3"]
    assert rows[0] == (task(1)["title"], {}, "open", NOW, None)


def test_nothing_is_done_for_no_rows(database: Database) -> None:
    with database.transaction() as session:
        assert insert_ignore(session, Task, [], returning=[Task.id]) == []
        assert upsert(session, Lease, [], key=["name"]) == []
        update_rows(session, Task, [])


def test_a_row_that_exists_is_overwritten_by_key(database: Database) -> None:
    row = {"address_key": "a@x.example", "topic": "*", "reason": "bounced", "source": "smtp", "at": NOW}
    with database.transaction() as session:
        upsert(session, Suppression, [row], key=["address_key", "topic"])
        upsert(session, Suppression, [row | {"reason": "complained"}], key=["address_key", "topic"])
        assert session.scalars(select(Suppression.reason)).all() == ["complained"]


def test_each_row_gets_its_own_values(database: Database) -> None:
    with database.transaction() as session:
        ids = [row.id for row in insert_ignore(session, Task, [task(n) for n in range(3)], returning=[Task.id])]
        later = NOW + timedelta(days=1)
        update_rows(session, Task, [{"id": ids[0], "due_at": later, "title": {"ja": "済"}, "outcome": None}])
        update_rows(session, Task, [{"id": id_, "state": "done", "done_at": NOW} for id_ in ids[1:]])
    with database.reading() as session:
        rows = session.execute(select(Task.state, Task.due_at, Task.title, Task.done_at).order_by(Task.id)).all()

    assert rows[0] == ("open", later, {"ja": "済"}, None)
    assert rows[1] == ("done", NOW, task(1)["title"], NOW)


def test_what_many_rows_have_in_common_reaches_each_of_them(database: Database) -> None:
    same = {"title": {"ja": "電話"}, "account_id": None, "role": "csm", "state": "open", "due_at": NOW}
    with database.transaction() as session:
        new = insert_ignore(session, Task, [task(n, **same) for n in range(2 * MANY)], returning=[Task.id, Task.key])
        changed = [{"id": row.id, "state": "done", "done_at": NOW, "outcome": None} for row in new]
        update_rows(session, Task, changed[:MANY])
    with database.reading() as session:
        rows = session.execute(select(Task.key, Task.title, Task.due_at, Task.state, Task.done_at).order_by(Task.id))
        found = [tuple(row) for row in rows]

    assert found[0] == ("key-0", {"ja": "電話"}, NOW, "done", NOW)
    assert found[-1] == (f"key-{2 * MANY - 1}", {"ja": "電話"}, NOW, "open", None)
    assert [state for _, _, _, state, _ in found] == ["done"] * MANY + ["open"] * MANY


def test_many_rows_that_are_all_the_same_go_in_once(database: Database) -> None:
    with database.transaction() as session:
        assert len(insert_ignore(session, Task, [task(1)] * MANY, returning=[Task.id])) == 1


def test_a_column_among_many_values(database: Database) -> None:
    with database.transaction() as session:
        ids = [row.id for row in insert_ignore(session, Task, [task(n) for n in range(5)], returning=[Task.id])]
        by_number = session.scalars(select(Task.id).where(one_of(Task.id, ids[:3])).order_by(Task.id)).all()
        by_text = session.scalars(select(Task.key).where(one_of(Task.key, {"key-1", "key-4", "other"}))).all()
        nobody = session.scalars(select(Task.id).where(one_of(Task.id, []))).all()
        others = session.scalars(select(Task.id).where(~one_of(Task.id, ids[:3]))).all()

    assert by_number == ids[:3]
    assert sorted(by_text) == ["key-1", "key-4"]
    assert nobody == []
    assert sorted(others) == ids[3:]
