"""What a statement asks of the present, as parameters: made once, it serves every look after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Date, bindparam, case
from sqlalchemy.types import TypeEngine

from engage.calendars.zones import day_of, find_zone, first_zone, zone_names
from engage.db.base import UtcDateTime
from engage.db.sets import among


class Moments:
    """Parameters that follow from the present; each has its value of `now` until the statement is given another."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._told: dict[str, Callable[[datetime], Any]] = {}

    def of(self, tell: Callable[[datetime], Any], type_: TypeEngine[Any]) -> BindParameter[Any]:
        """A value that the present tells."""
        return bindparam(self._named(tell), tell(self.now), type_=type_)

    def before(self, span: timedelta = timedelta(0)) -> BindParameter[Any]:
        """The instant so long ago."""
        return self.of(lambda now: now - span, UtcDateTime())

    def one_of(self, column: Any, tell: Callable[[datetime], Iterable[str]]) -> ColumnElement[bool]:
        """Whether the column is one of the texts that the present tells."""
        return among(column, self._named(tell), tell(self.now))

    def today(self, zone: Any, usual: str, *, otherwise: ColumnElement[Any] | None = None) -> ColumnElement[Any]:
        """The date in the zone that a column names; where it names none otherwise, or else in the usual zone."""

        def there(shift: int) -> tuple[Any, Any]:
            inside = self.one_of(zone, lambda now: shifts_of(now, usual).get(shift, ()))
            return inside, self._day(usual, shift)

        besides = set(shifts_of(self.now, usual)) - ({0} if otherwise is None else set())
        default = self._day(usual, 0) if otherwise is None else otherwise
        return case(*map(there, sorted(besides)), else_=default) if besides else default

    def _day(self, usual: str, shift: int) -> BindParameter[Any]:
        return self.of(lambda now: _usual_day(now, usual) + timedelta(days=shift), Date())

    def values(self, now: datetime) -> dict[str, Any]:
        """What the parameters are at another present, where the same `shifts_of` exist."""
        return {name: tell(now) for name, tell in self._told.items()}

    def _named(self, tell: Callable[[datetime], Any]) -> str:
        name = f"moment_{len(self._told)}"
        self._told[name] = tell
        return name


@lru_cache(maxsize=8)
def shifts_of(now: datetime, usual: str) -> Mapping[int, tuple[str, ...]]:
    """The zones of the world by how many days their date is now from that of the usual zone."""
    here, found = _usual_day(now, usual), dict[int, list[str]]()
    for name in sorted(zone_names()):
        zone = find_zone(name)
        if zone is not None:
            found.setdefault((day_of(now, zone) - here).days, []).append(name)
    return {shift: tuple(names) for shift, names in found.items()}


def _usual_day(now: datetime, usual: str) -> date:
    return day_of(now, first_zone(usual))
