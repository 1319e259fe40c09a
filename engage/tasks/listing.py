"""Open work, the most urgent first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engage.customers.finding import find_account
from engage.customers.tables import Account
from engage.staff.tables import StaffMember
from engage.tasks.tables import Task

MOST = 500
_TASKS = (
    select(Task, Account.external_id, Account.name, StaffMember.email)
    .outerjoin(Account, Account.id == Task.account_id)
    .outerjoin(StaffMember, StaffMember.id == Task.staff_id)
    .order_by(Task.due_at, Task.id)
)


@dataclass(frozen=True, slots=True)
class ListedTask:
    """A task as people read it."""

    id: str
    state: str
    due_at: datetime
    is_late: bool
    account: str | None
    account_name: str | None
    assignee: str
    title: dict[str, str]
    note: dict[str, str]
    fields: list[dict[str, Any]]
    answers: dict[str, Any]
    reason: str
    playbook: str | None
    done_by: str | None
    outcome: str | None


def list_tasks(
    session: Session, *, now: datetime, state: str | None = "open", account: str | None = None, limit: int = MOST
) -> list[ListedTask]:
    """Tasks of a state (None: any), of one account or of all, by due date."""
    chosen = _TASKS.limit(limit)
    if state is not None:
        chosen = chosen.where(Task.state == state)
    if account is not None:
        chosen = chosen.where(Task.account_id == find_account(session, account).id)
    return [_listed(*row, now=now) for row in session.execute(chosen)]


def tasks_due(
    session: Session, staff_ids: Collection[int], *, until: datetime, now: datetime, limit: int
) -> tuple[list[ListedTask], int]:
    """What these colleagues have to do by then, the most urgent first; and how much that is without the limit."""
    theirs = (Task.state == "open", Task.staff_id.in_(staff_ids), Task.due_at < until)
    found = session.execute(_TASKS.where(*theirs).limit(limit))
    count = session.scalar(select(func.count()).select_from(Task).where(*theirs)) or 0
    return [_listed(*row, now=now) for row in found], count


def _listed(task: Task, account: str | None, name: str | None, assignee: str | None, *, now: datetime) -> ListedTask:
    fields: dict[str, Any] = {
        "id": task.public_id,
        "state": task.state,
        "due_at": task.due_at,
        "is_late": task.state == "open" and task.due_at < now,
        "account": account,
        "account_name": name,
        "assignee": assignee or task.role,
        "title": task.title,
        "note": task.note,
        "fields": task.fields,
        "answers": task.answers,
        "reason": task.reason,
        "playbook": task.playbook_key,
        "done_by": task.done_by,
        "outcome": task.outcome,
    }
    return ListedTask(**fields)
