"""When Engage looks whether a playbook works: first when the first account can be judged, then now and then."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.journeys.tables import Lease
from engage.language.expecting import Expect
from engage.releases.library import Library, LivePlaybook
from engage.releases.pauses import pauses
from engage.reports.entrants import first_entry
from engage.reports.lift import trial_of

OFTEN = timedelta(days=30)


def next_look(session: Session, library: Library, live: LivePlaybook) -> datetime | None:
    """When it is next; None where nobody asked for it, nobody came in yet, or the playbook is paused."""
    expect = live.playbook.expect
    if expect is None or live.key in pauses(session):
        return None
    comparison, start = trial_of(session, library, live, expect)
    began = first_entry(session, live.key, comparison, since=start)
    if began is None:
        return None
    due = session.scalar(select(Lease.due_at).where(Lease.name == lease_of_look(live.key)))
    return max(filter(None, (began + expect.look_after.delta, due)))


def lease_of_look(key: str) -> str:
    """The name of the row that says from when on there may be another look."""
    return f"look:{key}"


def time_between(expect: Expect) -> timedelta:
    """How long it is from one look to the next: long, for each look is a chance to be deceived by luck."""
    return min(OFTEN, expect.look_after.delta)
