"""Reading what holds mail back, and taking from an allowance: a few small rows, one statement each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Table, bindparam, case, select, update
from sqlalchemy.orm import Session

from engage.channels.email.routing.tables import Brake
from engage.db.base import BigId, UtcDateTime
from engage.db.bulk import insert_ignore

Kind = Literal["provider", "sender", "recipient"]
EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")

_brakes: Table = Brake.__table__  # type: ignore[assignment]
_ALL = select(_brakes)
_HERE = (_brakes.c.kind == bindparam("of"), _brakes.c.name == bindparam("whose"))
_WINDOW = bindparam("window", type_=UtcDateTime())
_MOST, _WANTED = bindparam("most", type_=BigId), bindparam("wanted", type_=BigId)
# A window that another machine's clock has begun already is the one that counts.
_IS_NEW = _brakes.c.window_at.is_(None) | (_brakes.c.window_at < _WINDOW)
_BASE = case((_IS_NEW, 0), else_=_brakes.c.used)
_GRANTED = case((_BASE + _WANTED <= _MOST, _WANTED), else_=_MOST - _BASE)
_TAKE = (
    update(_brakes)
    .where(*_HERE, _BASE < _MOST)
    .values(
        window_at=case((_IS_NEW, _WINDOW), else_=_brakes.c.window_at),
        used=_BASE + _GRANTED,
        granted=_GRANTED,
    )
    .returning(_brakes.c.granted)
)
_THERE = select(_brakes.c.name).where(*_HERE)


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many in each window of that length; windows begin at full seconds, minutes, hours of the clock."""

    at_most: int
    per: timedelta

    def window_of(self, now: datetime) -> datetime:
        """When the window began that now is in."""
        return now - (now - EPOCH) % self.per

    def next_after(self, now: datetime) -> datetime:
        """When the next window begins."""
        return self.window_of(now) + self.per

    def left(self, brake: Any | None, now: datetime) -> int:
        """How many may still go in this window."""
        return left_in(brake, self.window_of(now), self.at_most)


@dataclass(frozen=True, slots=True)
class Brakes:
    """All that holds mail back, as it was read."""

    rows: Mapping[tuple[str, str], Any] = field(default_factory=dict)

    def of(self, kind: Kind, name: str) -> Any | None:
        """The brake of one provider or domain."""
        return self.rows.get((kind, name))

    def stopping(self, kind: Kind, now: datetime) -> dict[str, Any]:
        """By name, those that rest, are paused or slowed now."""
        return {name: row for (of, name), row in self.rows.items() if of == kind and holds(row, now)}


def left_in(brake: Any | None, window: datetime, at_most: int) -> int:
    """How many of so many may still go in the window that began then."""
    if brake is None or brake.window_at is None or brake.window_at < window:
        return at_most
    return max(at_most - int(brake.used), 0)


def read_brakes(session: Session) -> Brakes:
    """One statement; usually there is no row."""
    return Brakes({(row.kind, row.name): row for row in session.execute(_ALL)})


def holds(brake: Any | None, now: datetime) -> bool:
    """Whether it rests, is paused or is slowed now."""
    return brake is not None and brake.since is not None and (brake.until is None or brake.until > now)


def take(session: Session, kind: Kind, name: str, *, window: datetime, at_most: int, wanted: int) -> int:
    """Takes up to so many from what the window allows, exactly, however many ask at once; how many were granted."""
    asked = {"of": kind, "whose": name, "window": window, "most": at_most, "wanted": wanted}
    granted = session.scalar(_TAKE, asked)
    if granted is None and session.scalar(_THERE, asked) is None:
        make_brake(session, kind, name)
        granted = session.scalar(_TAKE, asked)
    return granted or 0


def make_brake(session: Session, kind: Kind, name: str) -> None:
    """A row that holds nothing back yet; where there is one, it stays as it is."""
    counts = {"failures": 0, "rests": 0, "used": 0, "granted": 0}
    insert_ignore(session, Brake, [{"kind": kind, "name": name, **counts}])


def locked_brake(session: Session, kind: Kind, name: str) -> Brake:
    """The row, made where it is missing, and held until the commit."""
    make_brake(session, kind, name)
    return session.get_one(Brake, (kind, name), with_for_update=True, populate_existing=True)
