"""Takes those who are inside along into a trial, from where they stand; says whom it leaves out, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, insert, select
from sqlalchemy.orm import Session, aliased

from engage.db.bulk import insert_ignore
from engage.db.session import nudge
from engage.db.sets import one_of
from engage.ids import new_id
from engage.journeys.entering import wait_row
from engage.journeys.moving_over import Passage, landings
from engage.journeys.relocating import ON_ITS_WAY, Landing, Stay
from engage.journeys.resuming import listen_anew
from engage.journeys.runs import Run, runs_of_version
from engage.journeys.tables import Enrolment, Wait
from engage.journeys.unseen import KIND as UNSEEN
from engage.releases.library import Library, LivePlaybook
from engage.releases.tables import PlaybookVersion

CHUNK = 500
FORM_OPEN, OTHER_SUBJECT = "form_open", "other_subject"


@dataclass(frozen=True, slots=True)
class Inside:
    """How many of those inside a trial covers, and how many it leaves out, by reason."""

    covered: int
    left_out: Mapping[str, int]


def take_along(session: Session, library: Library, live_key: str, shadow: LivePlaybook, *, now: datetime) -> Inside:
    """Gives everybody inside a run of the trial that stands where theirs would, by steps of the same id.

    Left out is whose next word is about something that only the live run has: a message on its way, an open form.
    """
    found: Counter[str] = Counter()
    versions = select(PlaybookVersion.id).where(PlaybookVersion.key == live_key).order_by(PlaybookVersion.id)
    for version_id in session.scalars(versions).all():
        source = library.playbook(session, version_id)
        for runs in _chunks(session, live_key, version_id):
            if source.playbook.subject != shadow.playbook.subject:
                found[OTHER_SUBJECT] += len(runs)
                continue
            places = [(run, _place(run, place)) for run, place in landings(session, Passage(source, shadow, {}), runs)]
            found.update(place.reason for _, place in places if isinstance(place, Stay))
            there = [(run, place) for run, place in places if isinstance(place, Landing)]
            found[""] += len(there)
            _copy(session, shadow, there, now=now)
    covered = found.pop("", 0)
    return Inside(covered, dict(found))


def has_twin(key: str, *, up_to: int | None = None) -> ColumnElement[bool]:
    """The runs of which there is another under that key, for the same subject and occasion; up to some id."""
    twin = aliased(Enrolment)
    return exists().where(
        twin.playbook_key == key,
        twin.subject_kind == Enrolment.subject_kind,
        twin.subject_id == Enrolment.subject_id,
        twin.occurrence == Enrolment.occurrence,
        *([] if up_to is None else [twin.id <= up_to]),
    )


def _chunks(session: Session, key: str, version_id: int) -> Iterator[Sequence[Run]]:
    after = 0
    while runs := runs_of_version(session, key, version_id, after=after, limit=CHUNK, lock=False):
        yield runs
        after = runs[-1].id


def _place(run: Run, place: Landing | Stay) -> Landing | Stay:
    kind = (run.state.memory.get("wait") or {}).get("kind")
    own = {"message": ON_ITS_WAY, UNSEEN: ON_ITS_WAY, "form": FORM_OPEN}.get(str(kind))
    return Stay(own) if own is not None else place


def _copy(session: Session, shadow: LivePlaybook, there: Sequence[tuple[Run, Landing]], *, now: datetime) -> None:
    if not there:
        return
    columns = Enrolment.__table__.c
    rows = {row.id: dict(row._mapping) for row in session.execute(
        select(*columns).where(one_of(columns.id, [run.id for run, _ in there]))
    )}  # fmt: skip
    made = [_row(rows[run.id], shadow, landing, now) for run, landing in there]
    given = session.execute(insert(Enrolment).returning(Enrolment.public_id, Enrolment.id), made).all()
    ids = {row.public_id: row.id for row in given}
    twins = [
        (replace(run, id=ids[row["public_id"]], playbook_key=shadow.key, version_id=shadow.version_id), landing)
        for row, (run, landing) in zip(made, there, strict=True)
    ]
    listen_anew(session, shadow, [run for run, _ in twins])
    waits = [(run, landing.state.memory.get("wait") or {}) for run, landing in twins]
    insert_ignore(session, Wait, [
        wait_row(run.id, run.subject, "wait", name) for run, wait in waits for name in wait.get("events") or ()
    ])  # fmt: skip
    nudge(session, "advance")


def _row(row: Mapping[str, Any], shadow: LivePlaybook, landing: Landing, now: datetime) -> dict[str, Any]:
    state = landing.state
    return {name: value for name, value in row.items() if name != "id"} | {
        "public_id": new_id("run"),
        "playbook_key": shadow.key,
        "playbook_version_id": shadow.version_id,
        "step_id": state.step_id,
        "visit": state.visit,
        "memory": dict(state.memory),
        "due_at": now,
    }
