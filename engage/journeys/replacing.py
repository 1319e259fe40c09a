"""A playbook that begins anew: the run before is ended, and what it still had waiting is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.db.sets import one_of
from engage.journeys.decisions import Ended
from engage.journeys.journal import rows_of
from engage.journeys.tables import Enrolment, StepRun, Wait
from engage.messages.cancelling import cancel_pending

BEGUN_ANEW = "begun anew"


def end_runs_before(session: Session, begun: Mapping[tuple[str, str, int], int], *, now: datetime) -> int:
    """Ends every other running run of these subjects (playbook, kind, id: the new run); how many."""
    if not begun:
        return 0
    same = or_(
        *(
            (Enrolment.playbook_key == key)
            & (Enrolment.subject_kind == kind)
            & (Enrolment.subject_id == subject_id)
            & (Enrolment.id < new_id)
            for (key, kind, subject_id), new_id in begun.items()
        )
    )
    running = select(Enrolment.id).where(same, Enrolment.state == "running").order_by(Enrolment.id)
    ids = list(session.scalars(running.with_for_update()))
    if not ids:
        return 0
    ended = {"state": "exited", "end_reason": BEGUN_ANEW, "ended_at": now, "due_at": None}
    session.connection().execute(update(Enrolment).where(one_of(Enrolment.id, ids)).values(ended))
    session.connection().execute(delete(Wait).where(one_of(Wait.enrolment_id, ids)))
    told = Ended(state="exited", reason=BEGUN_ANEW)
    insert_ignore(session, StepRun, [row for id_ in ids for row in rows_of(id_, [told], now)])
    cancel_pending(session, enrolment_ids=ids, reason=f"exited: {BEGUN_ANEW}", now=now)
    return len(ids)
