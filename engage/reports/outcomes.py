"""What became of the accounts in a trial, read from stored events alone, the same way on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engage.db.sets import one_of
from engage.events.tables import SOURCE_ENGAGE, SOURCE_STAFF, Event
from engage.journeys.tables import Enrolment
from engage.language.expecting import RENEWAL_WORDS
from engage.language.vocabulary import ENGAGE_ALONE_SAYS
from engage.reports.entrants import Entrant

RENEWED = "contract.renewed"
# No bare column: SQLite would look up each account among all events of that name, not among the account's own.
_NAME: Any = Event.name.concat("")


def reached(
    session: Session, name: str, people: Sequence[Entrant], *, within: timedelta, of_person: bool
) -> dict[int, bool]:
    """By run: whether the event came to the account (or to the very person) in its time after the account came in."""
    came = _after_entry(name, of_person=of_person).where(one_of(Enrolment.id, [one.enrolment_id for one in people]))
    first: dict[int, datetime] = dict(session.execute(came.group_by(Enrolment.id)).all())
    return {one.enrolment_id: _in_time(first.get(one.enrolment_id), one, within) for one in people}


def renewed(session: Session, people: Sequence[Entrant], *, within: timedelta) -> dict[int, bool]:
    """By run: whether the account's contract was renewed; where nothing was heard of one, nothing is said."""
    heard = (
        select(Enrolment.id, Event.name, Event.occurred_at)
        .join(Event, (Event.account_id == Enrolment.account_id) & (Event.occurred_at > Enrolment.entered_at))
        .where(_NAME.in_(RENEWAL_WORDS), one_of(Enrolment.id, [one.enrolment_id for one in people]))
        .order_by(Event.occurred_at, Event.id)
    )
    came: Mapping[int, Entrant] = {one.enrolment_id: one for one in people}
    found: dict[int, bool] = {}
    for run, name, at in session.execute(heard):
        if _in_time(at, came[run], within):
            found[run] = name == RENEWED  # the newest word holds
    return found


def _after_entry(name: str, *, of_person: bool) -> Any:
    first = func.min(Event.occurred_at)
    mine = (Event.account_id == Enrolment.account_id) & (Event.occurred_at > Enrolment.entered_at)
    if of_person:
        mine &= Event.contact_id == Enrolment.contact_id
    asked = select(Enrolment.id, first).join(Event, mine).where(name == _NAME)
    return asked.where(Event.source_id.in_((SOURCE_ENGAGE, SOURCE_STAFF))) if name in ENGAGE_ALONE_SAYS else asked


def _in_time(at: datetime | None, one: Entrant, within: timedelta) -> bool:
    return at is not None and at <= one.at + within
