"""Open work, the most urgent first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.finding import find_account
from engage.customers.tables import Account
from engage.staff.tables import StaffMember
from engage.tasks.tables import Task

MOST = 500


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
    chosen = (
        select(Task, Account.external_id, Account.name, StaffMember.email)
        .outerjoin(Account, Account.id == Task.account_id)
        .outerjoin(StaffMember, StaffMember.id == Task.staff_id)
        .order_by(Task.due_at, Task.id)
        .limit(limit)
    )
    if state is not None:
        chosen = chosen.where(Task.state == state)
    if account is not None:
        chosen = chosen.where(Task.account_id == find_account(session, account).id)
    return [_listed(*row, now=now) for row in session.execute(chosen)]


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
