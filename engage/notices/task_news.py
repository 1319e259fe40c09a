"""Tells colleagues of the tasks that are theirs: when one is raised, and when it becomes overdue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from engage.customers.tables import Account
from engage.db.bulk import update_rows
from engage.keys import news_of_task
from engage.notices.telling import MOST_SHOWN, Letter, News, content_of, plan_letters, post, section_of, stood_in_for
from engage.releases.library import Library
from engage.staff.reaching import BURST
from engage.tasks.tables import Task

_AT_ONCE = 20_000
_TOLD = (
    Task.id,
    Task.state,
    Task.reason,
    Task.staff_id,
    Task.due_at,
    Task.tell_at,
    Task.told_at,
    Task.account_id,
    Task.playbook_key,
)


def tell_of_tasks(session: Session, library: Library, *, public_url: str, now: datetime) -> int:
    """Writes letters about the tasks that are due to be told; how many letters."""
    chosen = select(*_TOLD).where(Task.tell_at <= now + BURST).order_by(Task.tell_at, Task.id).limit(_AT_ONCE)
    found: dict[int, Any] = {row.id: row for row in session.execute(chosen.with_for_update(skip_locked=True))}
    if not found:
        return 0
    due = {id_: row for id_, row in found.items() if row.state == "open"}
    plan = plan_letters(session, library.vocabulary(session), [_news(row) for row in due.values()], now=now)
    for letter in plan.letters:
        post(session, letter, _content(session, letter, public_url), now=now)
    told = [_told(due[one.id], now) for letter in plan.letters for one in letter.news]
    waiting = plan.later | dict.fromkeys(found.keys() - due.keys())
    kept = [{"id": id_, "tell_at": at, "told_at": found[id_].told_at} for id_, at in waiting.items()]
    update_rows(session, Task, [*told, *kept])
    return len(plan.letters)


def _news(row: Row[Any]) -> News:
    about = "approval_expired" if row.reason == "approval_expired" else "task_raised"
    if row.told_at is not None:
        about = "task_overdue"
    return News(
        id=row.id,
        key=news_of_task(row.id, about),
        about=about,
        staff_id=row.staff_id,
        tell_at=row.tell_at,
        account_id=row.account_id,
        playbook_key=row.playbook_key,
    )


def _told(row: Row[Any], now: datetime) -> dict[str, Any]:
    """The row once its reader has heard: they hear again when it is overdue."""
    is_first = row.told_at is None
    return {"id": row.id, "tell_at": row.due_at if is_first and row.due_at > now else None, "told_at": now}


def _content(session: Session, letter: Letter, public_url: str) -> dict[str, Any]:
    instead_of = stood_in_for(session, letter)
    items = [
        {
            "id": task.public_id,
            "account": account,
            "title": task.title,
            "note": task.note,
            "due": task.due_at.isoformat(),
            "is_late": letter.about == "task_overdue",
            "instead_of": instead_of.get(task.staff_id),
            "console": f"{public_url}/console/tasks#{task.public_id}",
        }
        for task, account in _shown(session, letter)
    ]
    section = section_of("tasks", items, count=len(letter.news), url=f"{public_url}/console/tasks")
    return content_of(public_url, section)


def _shown(session: Session, letter: Letter) -> Iterator[tuple[Task, str | None]]:
    """The first ones of the letter, in its order, with their accounts' names."""
    wanted = [news.id for news in letter.news[:MOST_SHOWN]]
    asked = select(Task, Account.name).outerjoin(Account, Account.id == Task.account_id).where(Task.id.in_(wanted))
    found = {task.id: (task, account) for task, account in session.execute(asked)}
    return (found[id_] for id_ in wanted)
