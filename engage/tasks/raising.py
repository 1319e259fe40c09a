"""Work for a colleague: raised once by key, listed, done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.errors import ConflictError, NotFoundError
from engage.ids import new_id
from engage.staff.tables import AccountOwner, StaffMember
from engage.tasks.tables import Task

OWNER_ROLES = frozenset({"csm", "sales"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """Work to be done by whoever has the role at that account."""

    key: str
    account_id: int | None
    title: Mapping[str, str]
    reason: str
    due_at: datetime
    role: str = "csm"
    contact_id: int | None = None
    staff_id: int | None = None
    note: Mapping[str, str] = field(default_factory=dict)
    playbook_key: str | None = None


def raise_tasks(session: Session, tasks: Sequence[NewTask], *, now: datetime) -> int:
    """Writes each task once by its key, with the account's owner or the person of that position; how many were new."""
    owners = _owners(session, [task for task in tasks if task.staff_id is None])
    rows = [_row(task, task.staff_id or owners.get((task.account_id, task.role)), now) for task in tasks]
    return len(insert_ignore(session, Task, rows, returning=[Task.id]))


def finish_task(session: Session, public_id: str, *, by: str, outcome: str | None, now: datetime) -> Task:
    """Marks an open task as done; a task that is done already is a conflict."""
    task = session.scalar(select(Task).where(Task.public_id == public_id))
    if task is None:
        raise NotFoundError(f"There is no task {public_id}.", hint="engage tasks list shows them.")
    changed = session.execute(
        update(Task)
        .where(Task.id == task.id, Task.state == "open")
        .values(state="done", done_at=now, done_by=by, outcome=outcome)
        .returning(Task.id)
    ).first()
    if changed is None:
        raise ConflictError(f"Task {public_id} is done already.", where=task.done_by)
    session.refresh(task)
    return task


def _row(task: NewTask, staff_id: int | None, now: datetime) -> dict[str, object]:
    return {
        "public_id": new_id("task"),
        "key": task.key,
        "account_id": task.account_id,
        "contact_id": task.contact_id,
        "staff_id": staff_id,
        "role": task.role,
        "title": dict(task.title),
        "note": dict(task.note),
        "reason": task.reason,
        "playbook_key": task.playbook_key,
        "state": "open",
        "due_at": task.due_at,
        "created_at": now,
    }


def _owners(session: Session, tasks: Sequence[NewTask]) -> dict[tuple[int | None, str], int]:
    owned = {task.account_id for task in tasks if task.role in OWNER_ROLES and task.account_id is not None}
    roles = {task.role for task in tasks} - OWNER_ROLES
    found: dict[tuple[int | None, str], int] = {}
    if owned:
        owners = select(AccountOwner.account_id, AccountOwner.role, AccountOwner.staff_id).where(
            AccountOwner.account_id.in_(owned), AccountOwner.until.is_(None)
        )
        found = {
            (row.account_id, row.role): row.staff_id for row in session.execute(owners.order_by(AccountOwner.since))
        }
    if roles:
        people = select(StaffMember.position, StaffMember.id).where(
            StaffMember.position.in_(roles), StaffMember.is_active.is_(True)
        )
        heads = {row.position: row.id for row in session.execute(people.order_by(StaffMember.id.desc()))}
        found |= {(task.account_id, task.role): heads[task.role] for task in tasks if task.role in heads}
    return found
