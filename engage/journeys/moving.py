"""A date that moves while a run for the old one is under way: begin anew, leave it, or ask a colleague."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.db.sets import one_of
from engage.journeys.decisions import Ended
from engage.journeys.journal import rows_of
from engage.journeys.runs import Run, hold_runs, write_states
from engage.journeys.skipping import MOVED, skip_task
from engage.journeys.surroundings import Surroundings
from engage.journeys.tables import Enrolment, StepRun, Wait
from engage.language.spec import DateTrigger
from engage.messages.cancelling import cancel_pending
from engage.releases.library import Library, LivePlaybook
from engage.tasks.raising import raise_tasks


def follow_moved_dates(
    session: Session,
    library: Library,
    live: LivePlaybook,
    trigger: DateTrigger,
    anchors: Mapping[int, date],
    *,
    now: datetime,
) -> int:
    """Ends the runs of a playbook whose date has moved, where they are to begin anew; how many had moved.

    A run that has told the customer nothing yet always begins anew; else the playbook's `on_anchor_change` says.
    """
    moved = [(run, anchors[run.subject.id]) for run in _running(session, live, anchors) if _has_moved(run, anchors)]
    if not moved:
        return 0
    anew = [run for run, _ in moved if trigger.on_anchor_change == "rearm" or not run.state.memory.get("sent")]
    _end(session, anew, now=now)
    if trigger.on_anchor_change == "task":
        surroundings = Surroundings(library.vocabulary(session))
        asked = [(run, anchor) for run, anchor in moved if run not in anew]
        place = surroundings.place(None, None)
        tasks = [
            skip_task(live.playbook, run.subject, f"{MOVED}:{anchor.isoformat()}", MOVED, place=place, now=now)
            for run, anchor in asked
        ]
        raise_tasks(session, tasks, now=now)
    return len(moved)


def _running(session: Session, live: LivePlaybook, anchors: Iterable[int]) -> list[Run]:
    ids = session.scalars(
        select(Enrolment.id).where(
            Enrolment.playbook_key == live.key,
            Enrolment.subject_kind == live.playbook.subject,
            one_of(Enrolment.subject_id, anchors),
            Enrolment.state == "running",
        )
    ).all()
    return hold_runs(session, ids) if ids else []


def _has_moved(run: Run, anchors: Mapping[int, date]) -> bool:
    told = (run.state.trigger.get("occurrence") or {}).get("date")
    now_is = anchors.get(run.subject.id)
    return told is not None and now_is is not None and told != now_is.isoformat()


def _end(session: Session, runs: Iterable[Run], *, now: datetime) -> None:
    ended = list(runs)
    if not ended:
        return
    ids = [run.id for run in ended]
    verdict = Ended(state="exited", reason=MOVED)
    insert_ignore(session, StepRun, [row for id_ in ids for row in rows_of(id_, [verdict], now)])
    cancel_pending(session, enrolment_ids=ids, reason=MOVED, now=now)
    session.execute(delete(Wait).where(one_of(Wait.enrolment_id, ids)))
    states = [(run, replace(run.state, status="exited", due_at=None)) for run in ended]
    write_states(session, states, now=now, reasons=dict.fromkeys(ids, MOVED))
