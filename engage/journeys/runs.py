"""A run as the engine holds it: one enrolment row with its subject, claimed for a while or read for waking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engage.customers.facts import Subject
from engage.db.bulk import update_rows
from engage.db.sets import one_of
from engage.journeys.decisions import RunState
from engage.journeys.tables import Enrolment


@dataclass(frozen=True, slots=True)
class Run:
    """One enrolment and where it stands."""

    id: int
    playbook_key: str
    version_id: int
    subject: Subject
    status: str
    state: RunState

    @property
    def begins_after(self) -> tuple[int, datetime]:
        """Events after this one (by id) and from this moment on concern the run."""
        event = self.state.trigger.get("event") or {}
        heard = max(event.get("id", 0), self.state.memory.get("heard", 0))
        since = event.get("received_at")
        return heard, datetime.fromisoformat(since) if since else self.state.entered_at


def claim_due(session: Session, *, now: datetime, limit: int) -> list[Run]:
    """The next due runs, held by this transaction alone until it ends; a crash gives them back."""
    due = _chosen().where(Enrolment.due_at <= now).order_by(Enrolment.due_at, Enrolment.id).limit(limit)
    return _read(session, due.with_for_update(skip_locked=True))


def hold_runs(session: Session, ids: Iterable[int]) -> list[Run]:
    """These runs, held by this transaction."""
    chosen = _chosen().where(one_of(Enrolment.id, set(ids))).order_by(Enrolment.id)
    return _read(session, chosen.with_for_update())


def write_states(
    session: Session, states: Sequence[tuple[Run, RunState]], *, now: datetime, reasons: dict[int, str]
) -> None:
    """Writes where runs stand now; `reasons` says why those ended that did."""
    rows = [
        {
            "id": run.id,
            "state": state.status,
            "step_id": state.step_id,
            "visit": state.visit,
            "memory": dict(state.memory),
            "due_at": state.due_at,
            "ended_at": now if state.status != "running" else None,
            "end_reason": reasons.get(run.id),
        }
        for run, state in states
    ]
    update_rows(session, Enrolment, rows)


def _chosen() -> Select[*tuple[Any, ...]]:
    return select(
        Enrolment.id,
        Enrolment.playbook_key,
        Enrolment.playbook_version_id,
        Enrolment.subject_kind,
        Enrolment.subject_id,
        Enrolment.account_id,
        Enrolment.contact_id,
        Enrolment.contract_id,
        Enrolment.state,
        Enrolment.step_id,
        Enrolment.visit,
        Enrolment.memory,
        Enrolment.trigger,
        Enrolment.entered_at,
        Enrolment.due_at,
    )


def _read(session: Session, query: Select[*tuple[Any, ...]]) -> list[Run]:
    return [_run(*row) for row in session.execute(query)]


def _run(
    id_: int,
    playbook_key: str,
    version_id: int,
    kind: str,
    subject_id: int,
    account_id: int | None,
    contact_id: int | None,
    contract_id: int | None,
    status: str,
    step_id: str | None,
    visit: int,
    memory: dict[str, Any],
    trigger: dict[str, Any],
    entered_at: datetime,
    due_at: datetime | None,
) -> Run:
    subject = Subject(kind, subject_id, account_id, contact_id, contract_id)
    state = RunState(step_id, visit, memory, trigger, entered_at, contact_id=contact_id, status=status, due_at=due_at)
    return Run(id_, playbook_key, version_id, subject, status, state)
