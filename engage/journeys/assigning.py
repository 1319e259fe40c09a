"""The ways of splits that accounts were given: looked up before a decision, written down after it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.db.sets import one_of
from engage.journeys.decisions import Assigned
from engage.journeys.runs import Run
from engage.journeys.tables import Exposure


def ways_taken(session: Session, runs: Iterable[Run]) -> dict[tuple[str, int | None], dict[str, str]]:
    """The ways that the accounts of these runs were given before, by playbook and account."""
    accounts = {run.subject.account_id for run in runs}
    found: dict[tuple[str, int | None], dict[str, str]] = {}
    rows = select(Exposure.playbook_key, Exposure.account_id, Exposure.step_id, Exposure.way)
    for key, account_id, step_id, way in session.execute(rows.where(one_of(Exposure.account_id, accounts))):
        found.setdefault((key, account_id), {})[step_id] = way
    return found


def keep_ways(session: Session, assigned: Sequence[tuple[Run, Assigned]], *, now: datetime) -> None:
    """Writes down who was given which way, once for each account and step."""
    rows: list[dict[str, Any]] = [
        {
            "playbook_key": run.playbook_key,
            "step_id": one.step_id,
            "account_id": run.subject.account_id,
            "way": one.way,
            "share": one.share,
            "enrolment_id": run.id,
            "at": now,
        }
        for run, one in assigned
    ]
    insert_ignore(session, Exposure, rows)
