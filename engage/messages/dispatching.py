"""Which provider each mail of a batch goes to, and how many it may get now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from engage.channels.email.routing.brakes import Brakes, read_brakes, take
from engage.channels.email.routing.health import begin_probe
from engage.channels.email.routing.routes import Road, Routes
from engage.messages.ledger import declined, postpone


@dataclass(slots=True)
class Roads:
    """The providers that are open for what is taken now, and who has declined which of these messages."""

    routes: Routes
    brakes: Brakes
    open: Sequence[Road]
    now: datetime
    declined: Mapping[int, frozenset[str]] = field(default_factory=dict)

    @property
    def room(self) -> int:
        """How many mails the one that is asked first may get now."""
        return self.open[0].room if self.open else 0

    def of(self, row: Row[Any]) -> Road | None:
        """Who gets this mail; None where those that are open have declined it."""
        return next((road for road in self.open if road.name not in self._declined_by(row)), None)

    def elsewhere_at(self, row: Row[Any], road: Road | None) -> datetime | None:
        """When another than that one may get it; None where there is no other."""
        return self.routes.elsewhere_at(road.name if road else "", self._declined_by(row), self.brakes, self.now)

    def turn_away(self, session: Session, rows: list[Row[Any]]) -> list[Row[Any]]:
        """Without those mails that every open provider has declined: they wait for another one to open."""
        if len(self.routes.each) > 1:
            self.declined = declined(session, rows)
        lost = {row.id: row for row in rows if row.channel == "email" and self.of(row) is None}
        postpone(session, {row.id: self.elsewhere_at(row, None) for row in lost.values()})
        return [row for row in rows if row.id not in lost]

    def assign(
        self, session: Session, emails: Sequence[tuple[Row[Any], Sequence[int]]]
    ) -> list[tuple[Row[Any], Sequence[int], Road]]:
        """The mails with their providers, as many as each may get now; the others go in its next window."""
        going = [(row, copies, road) for row, copies in emails if (road := self.of(row)) is not None]
        wanted = Counter(road.name for _, _, road in going)
        room = {road.name: self._granted(session, road, wanted[road.name]) for road in self.open if wanted[road.name]}
        kept = []
        for row, copies, road in going:
            room[road.name] -= 1
            if room[road.name] >= 0:
                kept.append((row, copies, road))
            elif road.route.limit is not None:
                postpone(session, {row.id: road.route.limit.next_after(self.now)})
        return kept

    def _granted(self, session: Session, road: Road, wanted: int) -> int:
        limit = road.route.limit
        if road.probes and not begin_probe(session, road.name, now=self.now):
            return 0
        if limit is None:
            return wanted
        window = limit.window_of(self.now)
        return take(session, "provider", road.name, window=window, at_most=limit.at_most, wanted=wanted)

    def _declined_by(self, row: Row[Any]) -> frozenset[str]:
        names = self.declined.get(row.id, frozenset())
        return names if len(names) < len(self.routes.each) else frozenset()  # all have: then all are asked again


def read_roads(session: Session, routes: Routes, *, now: datetime) -> Roads:
    """What is open now; one statement."""
    brakes = read_brakes(session)
    return Roads(routes, brakes, routes.open_now(brakes, now), now)
