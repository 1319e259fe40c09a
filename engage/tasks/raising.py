"""Work for a colleague: raised once by key, listed, done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.db.sets import among
from engage.errors import ConflictError, NotFoundError
from engage.events.recording import NewEvent, record
from engage.ids import new_id
from engage.staff.reaching import BURST
from engage.staff.tables import AccountOwner, StaffMember
from engage.tasks.forms import read_answers
from engage.tasks.tables import Task

OWNER_ROLES = frozenset({"csm", "sales"})
_owned, _staff = AccountOwner.__table__.c, StaffMember.__table__.c
_OWNERS = (
    select(_owned.account_id, _owned.role, _owned.staff_id)
    .where(among(_owned.account_id, "ids"), _owned.until.is_(None))
    .order_by(_owned.since)
)
_HEADS = (
    select(_staff.position, _staff.id)
    .where(among(_staff.position, "roles"), _staff.is_active.is_(True))
    .order_by(_staff.id.desc())
)


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
    fields: Sequence[Mapping[str, Any]] = ()
    playbook_key: str | None = None
    replaces: str | None = None  # the key of a task whose place it takes


def raise_tasks(session: Session, tasks: Sequence[NewTask], *, now: datetime) -> int:
    """Writes each task once by its key, with the account's owner or the person of that position; how many were new."""
    owners = _owners(session, [task for task in tasks if task.staff_id is None])
    rows = [_row(task, task.staff_id or owners.get((task.account_id, task.role)), now) for task in tasks]
    written = len(insert_ignore(session, Task, rows, returning=[Task.id]))
    _take_places(session, tasks, now)
    return written


def _take_places(session: Session, tasks: Sequence[NewTask], now: datetime) -> None:
    """Ends the open tasks that others say better now, so that nobody is asked twice for one thing."""
    for task in tasks:
        if task.replaces is not None:
            ended = update(Task).where(Task.key == task.replaces, Task.state == "open")
            session.execute(ended.values(state="done", done_at=now, done_by="engage", outcome=f"now: {task.key}"))


def finish_task(
    session: Session,
    public_id: str,
    *,
    by: str,
    outcome: str | None,
    now: datetime,
    answers: Mapping[str, str] | None = None,
) -> Task:
    """Marks an open task as done, a form with what was filled in; a task that is done already is a conflict."""
    task = session.scalar(select(Task).where(Task.public_id == public_id))
    if task is None:
        raise NotFoundError(f"There is no task {public_id}.", hint="engage tasks list shows them.")
    filled = read_answers(task.fields, answers or {})
    changed = session.execute(
        update(Task)
        .where(Task.id == task.id, Task.state == "open")
        .values(state="done", done_at=now, done_by=by, outcome=outcome, answers=filled)
        .returning(Task.id)
    ).first()
    if changed is None:
        raise ConflictError(f"Task {public_id} is done already.", where=task.done_by)
    session.refresh(task)
    if task.fields:
        record(session, [_filled(task, now)])
    return task


def _filled(task: Task, now: datetime) -> NewEvent:
    """What was filled in, as news for the run that asked."""
    return NewEvent(
        key=f"form:{task.public_id}",
        name="playbook.form_filled",
        occurred_at=now,
        received_at=now,
        account_id=task.account_id,
        contact_id=task.contact_id,
        properties={"task": task.key, "playbook": task.playbook_key, "values": task.answers},
    )


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
        "fields": [dict(field_) for field_ in task.fields],
        "answers": {},
        "reason": task.reason,
        "playbook_key": task.playbook_key,
        "state": "open",
        "due_at": task.due_at,
        "created_at": now,
        "tell_at": now + BURST,
    }


def _owners(session: Session, tasks: Sequence[NewTask]) -> dict[tuple[int | None, str], int]:
    owned = {task.account_id for task in tasks if task.role in OWNER_ROLES and task.account_id is not None}
    roles = {task.role for task in tasks} - OWNER_ROLES
    found: dict[tuple[int | None, str], int] = {}
    if owned:
        owners = session.execute(_OWNERS, {"ids": list(owned)})
        found = {(row.account_id, row.role): row.staff_id for row in owners}
    if roles:
        heads = {row.position: row.id for row in session.execute(_HEADS, {"roles": list(roles)})}
        found |= {(task.account_id, task.role): heads[task.role] for task in tasks if task.role in heads}
    return found
