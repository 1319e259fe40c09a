"""Ends runs from outside, whatever their steps say: with a reason, and taking back what has not left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.db.sets import one_of
from engage.journeys.decisions import Ended
from engage.journeys.journal import rows_of
from engage.journeys.tables import Enrolment, StepRun, Wait
from engage.messages.cancelling import cancel_pending


def end_runs(session: Session, ids: Sequence[int], *, reason: str, now: datetime) -> None:
    """Ends these runs as exited; the caller holds them."""
    if not ids:
        return
    verdict = Ended(state="exited", reason=reason)
    insert_ignore(session, StepRun, [row for id_ in ids for row in rows_of(id_, [verdict], now)])
    cancel_pending(session, enrolment_ids=ids, reason=reason, now=now)
    session.connection().execute(delete(Wait).where(one_of(Wait.enrolment_id, ids)))
    ended = {"state": "exited", "end_reason": reason, "ended_at": now, "due_at": None}
    session.connection().execute(update(Enrolment).where(one_of(Enrolment.id, ids)).values(ended))
