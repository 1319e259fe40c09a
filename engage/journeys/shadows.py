"""Versions that run beside the live ones without being heard: their runs stand under a key of their own.

A shadow listens like the live version and walks its own steps; what it would send or tell anybody is only written down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from engage.journeys.ending import end_runs
from engage.journeys.tables import Enrolment
from engage.releases.library import Library, LivePlaybook
from engage.releases.tables import Shadow

_MARK = "~"  # no key of a playbook may contain it
ENDED = "shadow_ended"
_shadows = Shadow.__table__.c
_RUNNING = (
    select(_shadows.id, _shadows.playbook_key, _shadows.playbook_version_id)
    .where(_shadows.ended_at.is_(None))
    .order_by(_shadows.id)
)


def shadow_key(key: str, shadow_id: int) -> str:
    """The key under which the runs of a shadow stand."""
    return f"{key}{_MARK}{shadow_id}"


def is_shadow(key: str) -> bool:
    """Whether this is a key of a shadow's runs."""
    return _MARK in key


def shadowed(key: str) -> str:
    """The key of the playbook itself."""
    return key.partition(_MARK)[0]


def shadow_id_of(key: str) -> int:
    """Which shadow it is."""
    return int(key.partition(_MARK)[2])


def is_heard() -> ColumnElement[bool]:
    """The runs that are no shadow's."""
    return ~Enrolment.playbook_key.contains(_MARK)


def listening(session: Session, library: Library) -> tuple[LivePlaybook, ...]:
    """What is live, and the shadows beside it: everything that a trigger may start."""
    shadows = [
        replace(library.playbook(session, version_id), key=shadow_key(key, id_))
        for id_, key, version_id in session.execute(_RUNNING)
    ]
    return (*library.live(session), *shadows)


def runs_before(key: str) -> ColumnElement[bool]:
    """The runs that re-entry looks back at: a shadow has the past that the live version had when it began."""
    own = Enrolment.playbook_key == key
    if not is_shadow(key):
        return own
    last = select(Shadow.last_run_before).where(Shadow.id == shadow_id_of(key)).scalar_subquery()
    return or_(own, and_(Enrolment.playbook_key == shadowed(key), Enrolment.id <= last))


def end_shadows(session: Session, version_ids: Iterable[int], *, now: datetime) -> list[str]:
    """Ends the shadows of these versions with all their runs; their playbooks. What they wrote down stays."""
    wanted = (Shadow.playbook_version_id.in_(list(version_ids)), Shadow.ended_at.is_(None))
    ended = session.execute(
        update(Shadow).where(*wanted).values(ended_at=now).returning(Shadow.id, Shadow.playbook_key)
    ).all()
    for id_, key in ended:
        theirs = (Enrolment.playbook_key == shadow_key(key, id_), Enrolment.state == "running")
        ids = session.scalars(select(Enrolment.id).where(*theirs).order_by(Enrolment.id).with_for_update()).all()
        end_runs(session, ids, reason=ENDED, now=now)
    return [key for _, key in ended]
