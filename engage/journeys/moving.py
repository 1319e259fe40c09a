"""A date that moves while a run for the old one is under way: begin anew, leave it, or ask a colleague."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engage.db.sets import among
from engage.journeys.ending import end_runs
from engage.journeys.runs import Run, hold_runs
from engage.journeys.shadows import is_shadow
from engage.journeys.skipping import MOVED, skip_task
from engage.journeys.surroundings import Surroundings
from engage.journeys.tables import Enrolment
from engage.language.spec import DateTrigger
from engage.releases.library import Library, LivePlaybook
from engage.tasks.raising import raise_tasks

_runs = Enrolment.__table__.c
_RUNNING = select(_runs.id).where(
    _runs.playbook_key == bindparam("playbook"),
    _runs.subject_kind == bindparam("kind"),
    among(_runs.subject_id, "ids"),
    _runs.state == "running",
)


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
    end_runs(session, [run.id for run in anew], reason=MOVED, now=now)
    if trigger.on_anchor_change == "task" and not is_shadow(live.key):
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
    said = {"playbook": live.key, "kind": live.playbook.subject, "ids": list(anchors)}
    ids = session.scalars(_RUNNING, said).all()
    return hold_runs(session, ids) if ids else []


def _has_moved(run: Run, anchors: Mapping[int, date]) -> bool:
    told = (run.state.trigger.get("occurrence") or {}).get("date")
    now_is = anchors.get(run.subject.id)
    return told is not None and now_is is not None and told != now_is.isoformat()
