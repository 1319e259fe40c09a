"""A run as the engine holds it: one enrolment row with its subject, claimed for a while or read for waking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, select
from sqlalchemy.orm import Session

from engage.customers.facts import Subject
from engage.customers.usage import Period
from engage.db.base import UtcDateTime
from engage.db.bulk import update_rows
from engage.db.sets import among
from engage.journeys.decisions import RunState
from engage.journeys.tables import Enrolment

NOT_BEFORE = "not_before"  # where the trigger of a run keeps the moment before which nothing may leave
_runs = Enrolment.__table__.c
_CHOSEN = select(
    _runs.id, _runs.playbook_key, _runs.playbook_version_id, _runs.subject_kind, _runs.subject_id, _runs.account_id,
    _runs.contact_id, _runs.contract_id, _runs.state, _runs.step_id, _runs.visit, _runs.memory, _runs.trigger,
    _runs.entered_at, _runs.due_at,
)  # fmt: skip
_DUE = (
    _CHOSEN.where(_runs.due_at <= bindparam("now", type_=UtcDateTime()))
    .order_by(_runs.due_at, _runs.id)
    .limit(bindparam("most", type_=BigInteger))
    .with_for_update(skip_locked=True)
)
_THESE = _CHOSEN.where(among(_runs.id, "ids")).order_by(_runs.id).with_for_update()


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

    @property
    def not_before(self) -> datetime | None:
        """The moment before which none of its messages may leave; None where they may at once."""
        moment = self.state.trigger.get(NOT_BEFORE)
        return datetime.fromisoformat(moment) if moment else None


def claim_due(session: Session, *, now: datetime, limit: int) -> list[Run]:
    """The next due runs, held by this transaction alone until it ends; a crash gives them back."""
    return _read(session, _DUE, now=now, most=limit)


def hold_runs(session: Session, ids: Iterable[int]) -> list[Run]:
    """These runs, held by this transaction."""
    return _read(session, _THESE, ids=list(set(ids)))


def runs_of_version(session: Session, key: str, version_id: int, *, after: int, limit: int, lock: bool) -> list[Run]:
    """The next runs (by id) that are inside a version; with `lock` they are held by this transaction."""
    inside = (Enrolment.playbook_key == key, Enrolment.playbook_version_id == version_id, Enrolment.state == "running")
    chosen = _CHOSEN.where(*inside, Enrolment.id > after).order_by(Enrolment.id).limit(limit)
    return _read(session, chosen.with_for_update() if lock else chosen)


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


def _read(session: Session, query: Select[*tuple[Any, ...]], **said: Any) -> list[Run]:
    return [_run(*row) for row in session.execute(query, said)]


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
    period = Period.of(trigger.get("occurrence"))
    subject = Subject(kind, subject_id, account_id, contact_id, contract_id, period)
    state = RunState(step_id, visit, memory, trigger, entered_at, contact_id=contact_id, status=status, due_at=due_at)
    return Run(id_, playbook_key, version_id, subject, status, state)
