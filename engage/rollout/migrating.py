"""Moves whoever is inside from one version of a playbook to another: first who goes where, then the move in chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.errors import InputError, NotFoundError
from engage.journeys.moving_over import Passage, landings, move_over
from engage.journeys.relocating import Landing
from engage.journeys.runs import Run, runs_of_version
from engage.journeys.subject_names import subject_names
from engage.language.guessing import way_out
from engage.language.program import Program
from engage.releases.library import Library, LivePlaybook
from engage.releases.tables import PlaybookVersion
from engage.rollout.pausing import refuse_unknown
from engage.staff.audit import record

CHUNK = 500
BEGINS, GOES_ON = "begins", "goes_on"


@dataclass(frozen=True, slots=True)
class Move:
    """Everybody at one step: where they go and how, or why they stay (`to` is None); None is before the first step."""

    step: str | None
    to: str | None
    how: str  # begins | goes_on | no_step | message_on_its_way | has_been_there
    subjects: tuple[str, ...]

    @property
    def stays(self) -> bool:
        """Whether they are left on their version."""
        return self.how not in (BEGINS, GOES_ON)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "count": len(self.subjects)}


def passage(
    session: Session, library: Library, key: str, *, source: int, target: int | None, names: Mapping[str, str]
) -> Passage:
    """The way from one version to another (the live one by default); refuses unknown versions and steps."""
    refuse_unknown(session, key)
    old = _version(session, library, key, source)
    new = _live(session, library, key) if target is None else _version(session, library, key, target)
    if old.version_id == new.version_id:
        raise InputError(f"{key} is at version {new.version} already", hint="say another --from or --to")
    if old.playbook.subject != new.playbook.subject:
        raise InputError(f"version {old.version} runs per {old.playbook.subject}, the other per {new.playbook.subject}")
    for before, after in names.items():
        _known_step(before, old, "--map")
        _known_step(after, new, f"--map {before}=")
    return Passage(old, new, names)


def moves(session: Session, way: Passage) -> list[Move]:
    """Who stands where and would go where, by the steps of the old version in their order."""
    found: dict[tuple[str | None, str | None, str], list[str]] = {}
    for runs in _chunks(session, way, lock=False):
        called = subject_names(session, [(run.subject.kind, run.subject.id) for run in runs])
        for run, result in landings(session, way, runs):
            if isinstance(result, Landing):
                goal = (run.state.step_id, result.state.step_id, BEGINS if result.begins else GOES_ON)
            else:
                goal = (run.state.step_id, None, result.reason)
            found.setdefault(goal, []).append(called.get((run.subject.kind, run.subject.id), ""))
    told = [Move(*goal, tuple(sorted(names))) for goal, names in found.items()]
    return sorted(told, key=lambda move: _place(move.step, way.source.program))


def move_next(session: Session, way: Passage, *, after: int, by: str, now: datetime) -> tuple[int | None, int]:
    """Moves the next chunk in this transaction: the last run looked at (None at the end), and how many have moved."""
    runs = _some(session, way, after=after, lock=True)
    if not runs:
        return None, 0
    moved = move_over(session, way, runs, by=by, now=now)
    detail = {"from": way.source.version, "to": way.target.version, "map": dict(way.names), "moved": moved}
    key = way.source.key
    record(session, actor=by, action="playbooks.migrate", object_kind="playbook", object_id=key, detail=detail, now=now)
    return runs[-1].id, moved


def _chunks(session: Session, way: Passage, *, lock: bool) -> Iterator[Sequence[Run]]:
    after = 0
    while runs := _some(session, way, after=after, lock=lock):
        yield runs
        after = runs[-1].id


def _some(session: Session, way: Passage, *, after: int, lock: bool) -> Sequence[Run]:
    return runs_of_version(session, way.source.key, way.source.version_id, after=after, limit=CHUNK, lock=lock)


def _version(session: Session, library: Library, key: str, version: int) -> LivePlaybook:
    known = dict(
        session.execute(select(PlaybookVersion.version, PlaybookVersion.id).where(PlaybookVersion.key == key)).all()
    )
    if version not in known:
        there = ", ".join(str(number) for number in sorted(known))
        raise NotFoundError(f"{key} has no version {version}", hint=f"there are: {there}")
    return library.playbook(session, known[version])


def _live(session: Session, library: Library, key: str) -> LivePlaybook:
    found = next((one for one in library.live(session) if one.key == key), None)
    if found is None:
        raise NotFoundError(f"{key} is not live", hint="say the version to move to: --to")
    return found


def _known_step(step_id: str, live: LivePlaybook, where: str) -> None:
    if step_id in live.program:
        return
    steps: Iterable[str] = live.program.nodes
    hint = way_out(step_id, steps)
    raise InputError(f"version {live.version} has no step {step_id}", where=where, hint=hint)


def _place(step_id: str | None, program: Program) -> int:
    order = list(program.nodes)
    return order.index(step_id) if step_id in order else -1
