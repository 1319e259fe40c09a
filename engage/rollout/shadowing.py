"""A version on trial: it runs beside the live one, nobody hears of it, and its difference to live can be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, insert, literal, or_, select
from sqlalchemy.orm import Session

from engage.errors import ConflictError, NotFoundError, PlaybookError
from engage.journeys.becoming import condition_id
from engage.journeys.shadows import end_shadows, shadow_key
from engage.journeys.tables import Enrolment, HeldCondition, Lease
from engage.language.check import has_errors
from engage.language.guessing import way_out
from engage.language.parse import parse_playbook
from engage.language.triggers import BecomesTrigger
from engage.language.workspace import Workspace
from engage.releases.library import Library, LivePlaybook
from engage.releases.tables import Release, Shadow
from engage.rollout.apply import newest_release, publish_beside
from engage.rollout.checking import check
from engage.rollout.comparing import Difference, compare
from engage.rollout.doings import doings
from engage.rollout.shadowing_inside import Inside, has_twin, take_along
from engage.rollout.simulation import Told
from engage.staff.audit import record

SAME_TIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the live version and its shadow did since the shadow began, with whoever came and whom it took along."""

    since: datetime
    until: datetime
    live: int
    shadow: int
    inside: int  # were inside when it began, and are covered
    left_out: int  # were inside when it began, and are not
    difference: Difference[Told]


def start_shadow(
    session: Session, library: Library, workspace: Workspace, key: str, *, by: str, now: datetime
) -> tuple[LivePlaybook, Inside]:
    """Runs the version in the files beside the live one; refused when it is live already, or another is on trial.

    Those inside are taken along from where they stand, as far as that can be told.
    """
    release = newest_release(session)
    if release is None:
        raise NotFoundError("nothing is live yet", hint="engage playbooks apply")
    version_id = _publish(session, library, workspace, key, release, now)
    if release.playbooks.get(key) == version_id:
        raise ConflictError(f"{key} is live just as it is written", hint="change its file first")
    if (running := _running(session, key)) is not None:
        raise ConflictError(
            f"a version of {key} is on trial since {running.since:%Y-%m-%d}",
            hint=f"engage playbooks shadow {key} --stop",
        )
    last = session.scalar(select(func.max(Enrolment.id))) or 0
    shadow = Shadow(playbook_key=key, playbook_version_id=version_id, since=now, last_run_before=last, by=by)
    session.add(shadow)
    session.flush()
    version = library.playbook(session, version_id)
    beside = replace(version, key=shadow_key(key, shadow.id))
    _know_what_held(session, version, beside.key)
    inside = take_along(session, library, key, beside, now=now)
    told: dict[str, object] = {"version": version.version, "inside": inside.covered, "left_out": dict(inside.left_out)}
    _note(session, "playbooks.shadow", key, by, told, now)
    return version, inside


def stop_shadow(session: Session, key: str, *, by: str, now: datetime) -> None:
    """Ends the trial; what would have been sent can still be compared."""
    running = _running(session, key)
    if running is None:
        raise NotFoundError(f"no version of {key} is on trial", hint=f"engage playbooks shadow {key}")
    end_shadows(session, [running.playbook_version_id], now=now)
    _note(session, "playbooks.shadow_stop", key, by, {}, now)


def compare_shadow(session: Session, key: str, *, now: datetime) -> Comparison:
    """Who, what and when: the newest trial of a playbook against the live version, for runs begun in its time."""
    shadow = session.scalar(select(Shadow).where(Shadow.playbook_key == key).order_by(Shadow.id.desc()).limit(1))
    if shadow is None:
        raise NotFoundError(f"no version of {key} was ever on trial", hint=f"engage playbooks shadow {key}")
    until = shadow.ended_at or now
    theirs = Enrolment.playbook_key == shadow_key(key, shadow.id)
    ours, came_later = Enrolment.playbook_key == key, Enrolment.id > shadow.last_run_before
    was_inside = (ours, ~came_later, or_(Enrolment.ended_at.is_(None), Enrolment.ended_at > shadow.since))
    with_twin = has_twin(shadow_key(key, shadow.id))
    taken_along = has_twin(key, up_to=shadow.last_run_before)
    live = (ours, or_(came_later, with_twin), Enrolment.entered_at <= until)
    was, now_is = (_since(shadow, doings(session, key, runs, until=until)) for runs in (live, (theirs, live[2])))
    found = compare(was, now_is)
    moved = tuple((before, after) for before, after in found.moved if abs(after.at - before.at) >= SAME_TIME)
    began, in_trial, inside, left_out = [
        session.scalar(select(func.count()).select_from(Enrolment).where(*runs)) or 0
        for runs in (
            (ours, came_later, live[2]),
            (theirs, ~taken_along, live[2]),
            (theirs, taken_along),
            (*was_inside, ~with_twin),
        )
    ]
    difference = Difference(found.gone, found.new, moved)
    return Comparison(shadow.since, until, began, in_trial, inside, left_out, difference)


def _since(shadow: Shadow, told: Iterable[Told]) -> list[Told]:
    """What happened before it began is no difference to it."""
    return sorted(one for one in told if one.at >= shadow.since)


def shadows_running(session: Session) -> dict[str, datetime]:
    """The playbooks of which a version is on trial, and since when."""
    rows = session.execute(select(Shadow.playbook_key, Shadow.since).where(Shadow.ended_at.is_(None)))
    return {row[0]: row[1] for row in rows}


def _publish(
    session: Session, library: Library, workspace: Workspace, key: str, release: Release, now: datetime
) -> int:
    problems = check(workspace)
    if has_errors(problems):
        raise PlaybookError([problem for problem in problems if problem.severity == "error"])
    files = {file.playbook.key: file for file in workspace.playbooks}
    if key not in files:
        raise NotFoundError(f"there is no playbook {key}", hint=way_out(key, files))
    # It is read with the vocabulary that is live: a fact that only the files declare is refused with its place.
    document = files[key].document
    parse_playbook(document.text, document.file, library.vocabulary(session).catalogue())
    return publish_beside(session, workspace, files[key], release=release, now=now)


def _running(session: Session, key: str) -> Shadow | None:
    return session.scalar(select(Shadow).where(Shadow.playbook_key == key, Shadow.ended_at.is_(None)))


def _know_what_held(session: Session, version: LivePlaybook, key: str) -> None:
    """A condition that the live version watches, too, has held for the shadow as long as for it."""
    trigger = version.playbook.trigger
    if not isinstance(trigger, BecomesTrigger):
        return
    condition = condition_id(version, trigger)
    lease = session.get(Lease, f"becomes:{version.key}:{condition}")
    if lease is None:
        return
    session.add(Lease(name=f"becomes:{key}:{condition}", due_at=lease.due_at, fence=0))
    kept = [column for column in HeldCondition.__table__.c if column.key not in ("id", "playbook_key")]
    theirs = (HeldCondition.playbook_key == version.key, HeldCondition.condition == condition)
    rows = select(literal(key), *kept).where(*theirs)
    names = ["playbook_key", *(column.key for column in kept)]
    session.connection().execute(insert(HeldCondition).from_select(names, rows, include_defaults=False))


def _note(session: Session, action: str, key: str, by: str, detail: dict[str, object], now: datetime) -> None:
    record(session, actor=by, action=action, object_kind="playbook", object_id=key, detail=detail, now=now)
