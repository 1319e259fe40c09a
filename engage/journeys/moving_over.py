"""Gives running runs another version of their playbook: where each stands there, what it hears, a row that says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore, update_rows
from engage.db.session import nudge
from engage.db.sets import one_of
from engage.journeys.entering import wait_row
from engage.journeys.journal import MIGRATE, moved_row
from engage.journeys.relocating import Landing, Names, Stay, relocate
from engage.journeys.resuming import listen_anew
from engage.journeys.runs import Run
from engage.journeys.tables import Enrolment, StepRun, Wait
from engage.releases.library import LivePlaybook


@dataclass(frozen=True, slots=True)
class Passage:
    """From one version of a playbook to another, with the steps that changed their names."""

    source: LivePlaybook
    target: LivePlaybook
    names: Names


def landings(session: Session, passage: Passage, runs: Sequence[Run]) -> list[tuple[Run, Landing | Stay]]:
    """Where each of these runs would stand, or why it stays."""
    done = _done(session, [run.id for run in runs])
    old, new = passage.source.program, passage.target.program
    return [(run, relocate(run.state, old, new, passage.names, done[run.id])) for run in runs]


def move_over(session: Session, passage: Passage, runs: Sequence[Run], *, by: str, now: datetime) -> int:
    """Moves those of these runs, which the caller holds, that have somewhere to go; how many."""
    moved = [(run, found) for run, found in landings(session, passage, runs) if isinstance(found, Landing)]
    if not moved:
        return 0
    update_rows(session, Enrolment, [_row(run, landing, passage.target, now) for run, landing in moved])
    ids = [run.id for run, _ in moved]
    session.connection().execute(delete(Wait).where(one_of(Wait.enrolment_id, ids), Wait.purpose == "wait"))
    listen_anew(session, passage.target, [run for run, _ in moved])
    insert_ignore(session, Wait, [row for run, landing in moved for row in _waits(run, landing)])
    before = _times_moved(session, ids)
    journal = [moved_row(run.id, before.get(run.id, 0) + 1, _told(run, one, passage, by), now) for run, one in moved]
    insert_ignore(session, StepRun, journal)
    nudge(session, "advance")
    return len(moved)


def _row(run: Run, landing: Landing, target: LivePlaybook, now: datetime) -> dict[str, Any]:
    state = landing.state
    return {
        "id": run.id,
        "playbook_version_id": target.version_id,
        "step_id": state.step_id,
        "visit": state.visit,
        "memory": dict(state.memory),
        "due_at": now,
    }


def _waits(run: Run, landing: Landing) -> list[dict[str, Any]]:
    wait = landing.state.memory.get("wait") or {}
    return [wait_row(run.id, run.subject, "wait", name) for name in wait.get("events") or ()]


def _told(run: Run, landing: Landing, passage: Passage, by: str) -> Mapping[str, Any]:
    return {
        "from_version": passage.source.version,
        "to_version": passage.target.version,
        "from": run.state.step_id,
        "to": landing.state.step_id,
        "by": by,
    }


def _done(session: Session, ids: Sequence[int]) -> dict[int, set[str]]:
    """The steps in the journal of each run."""
    found: dict[int, set[str]] = defaultdict(set)
    rows = session.execute(select(StepRun.enrolment_id, StepRun.step_id).where(one_of(StepRun.enrolment_id, ids)))
    for enrolment_id, step_id in rows:
        found[enrolment_id].add(step_id.partition(":")[0])
    return found


def _times_moved(session: Session, ids: Sequence[int]) -> dict[int, int]:
    asked = select(StepRun.enrolment_id, func.max(StepRun.visit)).where(
        one_of(StepRun.enrolment_id, ids), StepRun.step_id == MIGRATE
    )
    return {row[0]: row[1] for row in session.execute(asked.group_by(StepRun.enrolment_id))}
