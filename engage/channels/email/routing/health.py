"""A provider that takes nothing rests, each time longer; one hand-over then tries whether it is back.

Throttling is no illness: the provider is left alone for as long as it asks.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, update
from sqlalchemy.orm import Session

from engage.channels.base import Accepted, Declined, Outcome, Rejected, Throttled, Unavailable, Unknown
from engage.channels.email.routing.brakes import holds, locked_brake
from engage.channels.email.routing.routes import Road
from engage.channels.email.routing.tables import Brake

log = logging.getLogger(__name__)

PATIENCE = 5  # hand-overs in a row that come to nothing, where there is no other provider to ask
FIRST_REST, LONGEST_REST = timedelta(seconds=15), timedelta(minutes=15)
PROBE = timedelta(seconds=60)  # how long the one who tries has for it
BY_ITSELF = "engage"

_brakes: Table = Brake.__table__  # type: ignore[assignment]


def begin_probe(session: Session, name: str, *, now: datetime) -> bool:
    """Claims the one try; False where somebody else has it."""
    mine = (_brakes.c.kind == "provider", _brakes.c.name == name, _brakes.c.rests > 0, _brakes.c.until <= now)
    claimed = update(_brakes).where(*mine).values(until=now + PROBE).returning(_brakes.c.name)
    return session.execute(claimed).first() is not None


def note_outcomes(session: Session, road: Road, outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Learns from a window of hand-overs how the provider is; no statement where it is well and was well."""
    pause = max((_pause(outcome) for outcome in outcomes), default=0.0)
    bad = [one for one in outcomes if isinstance(one, Unknown | Unavailable)]
    good = sum(isinstance(one, Accepted | Rejected | Declined) for one in outcomes)
    if pause:
        _throttle(session, road, outcomes, timedelta(seconds=pause), now)
    elif len(bad) > good:
        _fail(session, road, bad, now)
    elif good and (road.probes or road.has_failed):
        _recover(session, road, now)


def _pause(outcome: Outcome) -> float:
    match outcome:
        case Accepted(pause=pause):
            return pause
        case Throttled(retry_after=pause):
            return pause
    return 0.0


def _throttle(session: Session, road: Road, outcomes: Sequence[Outcome], pause: timedelta, now: datetime) -> None:
    brake = locked_brake(session, "provider", road.name)
    said = [one.reason for one in outcomes if isinstance(one, Throttled)]
    reason = said[0] if said else f"{road.name} takes no more for now: its window is full"
    until = now + pause if brake.until is None else max(now + pause, brake.until)
    _begin_rest(brake, until=until, reason=reason, now=now)
    brake.failures = brake.rests = 0


def _fail(session: Session, road: Road, bad: Sequence[Unknown | Unavailable], now: datetime) -> None:
    brake = locked_brake(session, "provider", road.name)
    brake.failures += len(bad)
    if holds(brake, now) and not road.probes:
        return  # another worker has sent it to rest while ours were under way
    if brake.failures < PATIENCE and not road.probes and not road.has_other:
        return
    asked = max((one.retry_after for one in bad if isinstance(one, Unavailable)), default=0.0)
    length = min(max(FIRST_REST * 2**brake.rests, timedelta(seconds=asked)), LONGEST_REST)
    _begin_rest(brake, until=now + length, reason=bad[-1].reason, now=now)
    brake.rests = min(brake.rests + 1, 20)
    log.error("a provider is left alone for a while", extra={"provider": road.name, "seconds": length.total_seconds()})


def _begin_rest(brake: Brake, *, until: datetime, reason: str, now: datetime) -> None:
    brake.since = brake.since if holds(brake, now) or brake.rests else now
    brake.until, brake.reason, brake.by = until, reason, BY_ITSELF


def _recover(session: Session, road: Road, now: datetime) -> None:
    brake = locked_brake(session, "provider", road.name)
    brake.failures = 0
    if road.probes or not holds(brake, now):
        end_brake(brake)
        log.warning("a provider is back", extra={"provider": road.name})


def end_brake(brake: Any) -> None:
    """Nothing holds it back any more; what is counted stays counted."""
    brake.since = brake.until = brake.reason = brake.by = None
    brake.failures = brake.rests = 0
