"""After a pause: whose turn came meanwhile begins, unless it is too late or no longer true; the others go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from engage.calendars.occurrences import DEFAULT_GRACE
from engage.calendars.zones import start_of
from engage.customers.facts import read_for
from engage.db.bulk import insert_ignore, update_rows
from engage.db.session import nudge
from engage.db.sets import one_of
from engage.journeys.entering import CHUNK, listened_to, wait_row
from engage.journeys.journal import resume_row
from engage.journeys.knowing import know
from engage.journeys.runs import Run, hold_runs
from engage.journeys.skipping import TOO_LATE, skip_task, wants_task
from engage.journeys.surroundings import Place, Surroundings
from engage.journeys.tables import Enrolment, StepRun, Wait
from engage.language.spec import BecomesTrigger, Playbook
from engage.releases.library import Library, LivePlaybook
from engage.tasks.raising import raise_tasks

ENTERS = "enters"
NOT_INVITED = "not_invited"
WITHDRAWN = "withdrawn"
MEANWHILE = timedelta(minutes=1)  # clocks differ, and a transaction takes its time


def go_on(session: Session, library: Library, key: str, *, now: datetime) -> Counter[str]:
    """Makes every held run of a playbook due again; of those that had not begun, how many enter or why they do not.

    Who had not begun takes the version that is live now: the one that was paused may be the one that was repaired.
    """
    live = next((one for one in library.live(session) if one.key == key), None)
    mine = (Enrolment.playbook_key == key, Enrolment.state == "running")
    # Those that are due now, too: a worker that saw the pause may be parking them, and is waited for.
    held = or_(Enrolment.due_at.is_(None), Enrolment.due_at <= now + MEANWHILE)
    inside = update(Enrolment).where(*mine, Enrolment.step_id.is_not(None), held)
    session.connection().execute(inside.values(due_at=now))
    surroundings = Surroundings(library.vocabulary(session))
    at_the_door = session.scalars(select(Enrolment.id).where(*mine, Enrolment.step_id.is_(None)).order_by(Enrolment.id))
    ids, told = list(at_the_door), Counter[str]()
    for start in range(0, len(ids), CHUNK):
        runs = [run for run in hold_runs(session, ids[start : start + CHUNK]) if run.status == "running"]
        told += _let_in(session, library, live, runs, surroundings, now=now)
    nudge(session, "advance")
    return told


def is_late(playbook: Playbook, run: Run, place: Place, now: datetime) -> bool:
    """Whether a run that should have begun earlier would begin too late now, by its trigger's own grace."""
    event, occurrence = run.state.trigger.get("event"), run.state.trigger.get("occurrence") or {}
    moment = run.state.entered_at
    if event:
        moment = datetime.fromisoformat(event["occurred_at"])
    elif "due" in occurrence:
        moment = start_of(date.fromisoformat(occurrence["due"]), place.zone)
    said = getattr(playbook.trigger, "if_late", None)
    return now > (place.after(moment, said.within) if said else moment + DEFAULT_GRACE)


def _let_in(
    session: Session,
    library: Library,
    live: LivePlaybook | None,
    runs: Sequence[Run],
    surroundings: Surroundings,
    *,
    now: datetime,
) -> Counter[str]:
    if live is None:
        return _leave_out(session, [(run, WITHDRAWN) for run in runs], now=now)
    conditions = [one for one in (live.playbook.audience, _condition(live.playbook)) if one is not None]
    reading = read_for({name for condition in conditions for name in condition.names})
    facts = know(session, library, [run.subject for run in runs], now=now, reading=reading)
    entering, left_out, tasks = [], [], []
    for run in runs:
        known = facts.get(run.subject)
        place = surroundings.place_of(known or {})
        if known is None or run.subject.kind != live.playbook.subject or not _invites(live.playbook, run, known):
            left_out.append((run, NOT_INVITED))
        elif is_late(live.playbook, run, place, now):
            left_out.append((run, TOO_LATE))
            if wants_task(live.playbook, TOO_LATE):
                occurrence = f"{TOO_LATE}:{run.id}"
                tasks.append(skip_task(live.playbook, run.subject, occurrence, TOO_LATE, place=place, now=now))
        else:
            entering.append(run)
    raise_tasks(session, tasks, now=now)
    _begin(session, live, entering, now=now)
    return _leave_out(session, left_out, now=now) + Counter({ENTERS: len(entering)})


def _condition(playbook: Playbook) -> Any:
    return playbook.trigger.becomes if isinstance(playbook.trigger, BecomesTrigger) else None


def _invites(playbook: Playbook, run: Run, known: Mapping[str, Any]) -> bool:
    trigger = run.state.trigger
    facts = {**known, "event": trigger.get("event"), "occurrence": trigger.get("occurrence")}
    conditions = (playbook.audience, _condition(playbook))
    return all(condition is None or condition.holds(facts) for condition in conditions)


def _begin(session: Session, live: LivePlaybook, runs: Iterable[Run], *, now: datetime) -> None:
    """The live version, what it listens to, and due at once."""
    runs = list(runs)
    if not runs:
        return
    update_rows(session, Enrolment, [{"id": r.id, "playbook_version_id": live.version_id, "due_at": now} for r in runs])
    listen_anew(session, live, runs)
    insert_ignore(session, StepRun, [resume_row(run.id, ENTERS, {"version": live.version}, now) for run in runs])


def listen_anew(session: Session, live: LivePlaybook, runs: Sequence[Run]) -> None:
    """What ends a run of this version is what these runs listen to from now on; what a wait is for stays."""
    ids = [run.id for run in runs]
    session.connection().execute(delete(Wait).where(one_of(Wait.enrolment_id, ids), Wait.purpose != "wait"))
    listening = listened_to(live.playbook)
    insert_ignore(session, Wait, [wait_row(run.id, run.subject, *each) for run in runs for each in listening])


def _leave_out(session: Session, left_out: Sequence[tuple[Run, str]], *, now: datetime) -> Counter[str]:
    if left_out:
        rows = [
            {"id": run.id, "state": "skipped", "end_reason": reason, "ended_at": now, "due_at": None}
            for run, reason in left_out
        ]
        update_rows(session, Enrolment, rows)
        ids = [run.id for run, _ in left_out]
        session.connection().execute(delete(Wait).where(one_of(Wait.enrolment_id, ids)))
        insert_ignore(session, StepRun, [resume_row(run.id, "skipped", {"reason": why}, now) for run, why in left_out])
    return Counter(reason for _, reason in left_out)
