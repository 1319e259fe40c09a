"""Gives running runs a version that differs from theirs in texts only: nothing moves, and a row says so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.orm import Session

from engage.db.base import Json
from engage.journeys.journal import PATCH
from engage.journeys.tables import Enrolment, StepRun
from engage.releases.library import LivePlaybook


def versions_inside(session: Session, key: str) -> dict[int, int]:
    """How many are inside each version of a playbook, by version id."""
    counted = select(Enrolment.playbook_version_id, func.count()).where(
        Enrolment.playbook_key == key, Enrolment.state == "running"
    )
    return {row[0]: row[1] for row in session.execute(counted.group_by(Enrolment.playbook_version_id))}


def patch_runs(session: Session, old: LivePlaybook, new: LivePlaybook, *, by: str, now: datetime) -> None:
    """Pins everybody inside one version to the other; what is drafted already stays as it is."""
    pinned = (Enrolment.playbook_key == old.key, Enrolment.playbook_version_id == old.version_id)
    inside = (*pinned, Enrolment.state == "running")
    before = select(func.coalesce(func.max(StepRun.visit), 0)).where(
        StepRun.enrolment_id == Enrolment.id, StepRun.step_id == PATCH
    )
    told: dict[str, Any] = {"from_version": old.version, "to_version": new.version, "by": by}
    row = select(
        Enrolment.id,
        literal(PATCH),
        before.correlate(Enrolment).scalar_subquery() + 1,
        literal(now, StepRun.decided_at.type),
        literal("patched"),
        literal(told, Json),
        literal({}, Json),
    ).where(*inside)
    columns = ["enrolment_id", "step_id", "visit", "decided_at", "decision", "detail", "inputs"]
    connection = session.connection()
    connection.execute(insert(StepRun).from_select(columns, row, include_defaults=False))
    connection.execute(update(Enrolment).where(*inside).values(playbook_version_id=new.version_id))
