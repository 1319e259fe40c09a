"""One event that nothing can be made of must not hold up all others: it is set aside with its reason."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engage.db.session import is_passing, nudge
from engage.db.sets import one_of
from engage.events.problems import Refused, keep_problems
from engage.events.tables import Event, EventProblem
from engage.events.timeline import EventRow, unresolved

log = logging.getLogger(__name__)

Take = Callable[[Sequence[EventRow]], None]
NOT_DIGESTED = "not_digested"
_PLACE = "event "
_MOST_REASON_CHARS = 300


def take_all(session: Session, take: Take, *, otherwise: Take, limit: int, now: datetime) -> int:
    """Takes the next events at once; if that fails, in ever smaller parts until the guilty one stands alone.

    It is parked: `otherwise` saves what can be saved, the reason is kept among the problems. How many were taken.
    """
    events = unresolved(session, limit=limit)
    if not events or _fault(session, take, events) is None:
        return len(events)
    taken, size = 0, max(1, len(events) // 2)
    while taken < limit and (events := unresolved(session, limit=min(size, limit - taken))):
        fault = _fault(session, take, events)
        if fault is None:
            taken, size = taken + len(events), size * 2
        elif len(events) > 1:
            size = len(events) // 2
        else:
            _park(session, fault, otherwise, now=now)
            taken += 1
    return taken


def take_again(session: Session) -> int:
    """Lets the next digest try every event that was set aside once more; how many. One that fails again comes back."""
    kept = select(EventProblem.id, EventProblem.place).where(EventProblem.code == NOT_DIGESTED)
    parked = {id_: int(place.removeprefix(_PLACE)) for id_, place in session.execute(kept)}
    if not parked:
        return 0
    again = update(Event).where(one_of(Event.id, parked.values())).values(resolved_at=None)
    session.execute(again, execution_options={"synchronize_session": False})
    session.execute(delete(EventProblem).where(one_of(EventProblem.id, parked)))
    nudge(session, "digest")
    return len(set(parked.values()))


def _fault(session: Session, take: Take, events: Sequence[EventRow]) -> Exception | None:
    """Takes the events or leaves no trace of them; a store that is away is nobody's fault and ends the round."""
    try:
        with session.begin_nested():
            take(events)
    except Exception as error:
        if is_passing(error):
            raise
        return error
    return None


def _park(session: Session, fault: Exception, otherwise: Take, *, now: datetime) -> None:
    (event,) = unresolved(session, limit=1)  # as it is stored: what failed has left its traces in the row it was given
    if _fault(session, otherwise, [event]) is not None:
        session.execute(update(Event).where(Event.id == event.id).values(resolved_at=now))
    body = {name: getattr(event, name) for name in ("type", "name", "user_id", "group_id", "message_id", "properties")}
    refused = Refused(NOT_DIGESTED, _reason_of(fault), f"{_PLACE}{event.id}", body)
    keep_problems(session, event.source_id, [refused], received_at=now)
    log.error("an event was set aside", extra={"event_id": event.id, "error": type(fault).__name__})


def _reason_of(fault: Exception) -> str:
    """The reason in one line; of a database only its own words, not our statement with everybody's data."""
    said = str(fault.orig if isinstance(fault, DBAPIError) else fault).strip().partition("\n")[0]
    return f"{type(fault).__name__}: {said}"[:_MOST_REASON_CHARS]
