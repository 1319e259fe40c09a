"""The way out for mail that is not in the ledger of messages: it keeps to the same rests and limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engage.channels.base import EmailChannel
from engage.channels.email.routing.brakes import read_brakes, take
from engage.channels.email.routing.routes import Road, Route, Routes, routes_of


@dataclass(frozen=True, slots=True)
class Lent:
    """The providers that may be asked now, how many mails they take, and when those beyond that may go."""

    routes: Routes
    count: int
    again_at: datetime


def lend_routes(session: Session, channel: EmailChannel, count: int, *, now: datetime) -> Lent:
    """The providers for so many mails, or as many as the limit of the first that has room; counted against it.

    Where all of them rest, none is lent, and each mail learns that from its hand-over.
    """
    open_ = routes_of(channel).open_now(read_brakes(session), now) if count else []
    if not open_:
        return Lent(Routes(()), count, now)
    lent: list[Route] = []
    may_go = 0
    for road in open_:
        granted = _granted(session, road, may_go or count, now)
        if granted and granted >= may_go:
            lent.append(road.route)
            may_go = granted
    windows = (road.route.limit.next_after(now) for road in open_ if road.route.limit is not None)
    return Lent(Routes(tuple(lent)), may_go, min(windows, default=now))


def _granted(session: Session, road: Road, count: int, now: datetime) -> int:
    limit = road.route.limit
    if limit is None:
        return count
    return take(session, "provider", road.name, window=limit.window_of(now), at_most=limit.at_most, wanted=count)
