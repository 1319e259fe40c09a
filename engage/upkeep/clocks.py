"""Whether the clocks agree: Engage's own with this machine's, and this machine's with the database's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from engage.clock import Clock
from engage.upkeep.findings import Finding

TOLERATED = timedelta(seconds=2)

_TELLS_TIME = {
    "postgresql": text("SELECT clock_timestamp()"),
    "sqlite": text("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')"),
}


def moved_clock(clock: Clock, file: object) -> Finding:
    """How far the installation's clock file has moved its time from real time."""
    by = clock.moved_by()
    if not by:
        return Finding("clock", "ok", "tells the time of the system", seconds=0.0)
    way = "ahead of" if by > timedelta(0) else "behind"
    said = f"says {clock.now():%Y-%m-%d %H:%M} UTC, {_rounded(abs(by))} {way} real time"
    return Finding("moved clock", "note", said, f"remove {file}", seconds=by.total_seconds())


def database_skew(session: Session, clock: Clock) -> Finding:
    """How far the database's clock is from this machine's, beyond what asking took."""
    before = clock.real()
    said = session.scalar(_TELLS_TIME[session.get_bind().dialect.name])
    after = clock.real()
    theirs = said if isinstance(said, datetime) else datetime.fromisoformat(str(said)).replace(tzinfo=UTC)
    skew = theirs - (before + (after - before) / 2)
    surely = abs(skew) - (after - before) / 2
    if surely <= TOLERATED:
        return Finding("clock skew", "ok", "this machine and the database agree", seconds=skew.total_seconds())
    way = "ahead of" if skew > timedelta(0) else "behind"
    return Finding(
        "clock skew",
        "bad",
        f"the database's clock is {abs(skew).total_seconds():.1f} s {way} this machine's",
        "run a time service (NTP) on both machines",
        seconds=skew.total_seconds(),
    )


def _rounded(span: timedelta) -> timedelta:
    return timedelta(seconds=round(span.total_seconds()))
