"""A playbook is paused, and resumed: in between it sends and begins nothing, but goes on listening."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.errors import ConflictError, NotFoundError
from engage.journeys.resuming import ENTERS, go_on
from engage.journeys.tables import Enrolment
from engage.language.guessing import way_out
from engage.messages.resuming import release_messages, waiting_messages
from engage.releases.library import Library
from engage.releases.tables import PausedPlaybook, PlaybookVersion
from engage.staff.audit import record


@dataclass(frozen=True, slots=True)
class Paused:
    """What stands still: runs inside, and messages by state."""

    inside: int
    messages: dict[str, int]


@dataclass(frozen=True, slots=True)
class Resumed:
    """What goes on: runs inside, who enters now, who does not (reason: how many), messages let go to the gate."""

    inside: int
    entered: int
    left_out: dict[str, int]
    messages: int


def pause(session: Session, key: str, *, by: str, reason: str = "", now: datetime) -> Paused:
    """From this commit on nothing of the playbook is sent or begun; refused where it is paused already."""
    refuse_unknown(session, key)
    row = {"playbook_key": key, "since": now, "by": by, "reason": reason.strip()}
    if not insert_ignore(session, PausedPlaybook, [row], returning=[PausedPlaybook.playbook_key]):
        since = session.get_one(PausedPlaybook, key)
        raise ConflictError(f"{key} is paused since {since.since:%Y-%m-%d %H:%M} UTC by {since.by} already")
    _note(session, "playbooks.pause", key, by, {"reason": row["reason"]}, now)
    return Paused(_inside(session, key), waiting_messages(session, key))


def resume(session: Session, library: Library, key: str, *, by: str, now: datetime) -> Resumed:
    """Ends the pause in one transaction; refused where there is none."""
    refuse_unknown(session, key)
    mine = PausedPlaybook.playbook_key == key
    ended = session.execute(delete(PausedPlaybook).where(mine).returning(PausedPlaybook.since)).first()
    if ended is None:
        raise ConflictError(f"{key} is not paused", hint="engage playbooks list")
    inside = _inside(session, key)
    told = go_on(session, library, key, now=now)
    entered = told.pop(ENTERS, 0)
    messages = release_messages(session, key, now=now)
    resumed = Resumed(inside, entered, {why: count for why, count in sorted(told.items()) if count}, messages)
    detail = {"paused_since": ended.since.isoformat(), "entered": entered, "left_out": resumed.left_out}
    _note(session, "playbooks.resume", key, by, detail, now)
    return resumed


def published(session: Session) -> set[str]:
    """Every playbook that ever was."""
    return set(session.scalars(select(PlaybookVersion.key).distinct()))


def refuse_unknown(session: Session, key: str) -> None:
    """Raises NotFoundError, with the nearest key, for a playbook that was never published."""
    known = published(session)
    if key not in known:
        raise NotFoundError(f"no playbook {key} was ever published", hint=way_out(key, known, "engage playbooks list"))


def _inside(session: Session, key: str) -> int:
    begun = (Enrolment.playbook_key == key, Enrolment.state == "running", Enrolment.step_id.is_not(None))
    return session.scalar(select(func.count()).select_from(Enrolment).where(*begun)) or 0


def _note(session: Session, action: str, key: str, by: str, detail: dict[str, object], now: datetime) -> None:
    record(session, actor=by, action=action, object_kind="playbook", object_id=key, detail=detail, now=now)
