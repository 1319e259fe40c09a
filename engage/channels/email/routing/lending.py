"""The way out for mail that is not in the ledger of messages: it keeps to the same rests and limits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from engage.channels.base import EmailChannel
from engage.channels.email.routing.brakes import read_brakes, take
from engage.channels.email.routing.routes import Road, Routes, routes_of


def lend_routes(session: Session, channel: EmailChannel, count: int, *, now: datetime) -> Routes:
    """The providers that may be asked for so many mails now, counted against their limits; maybe none."""
    if not count:
        return Routes(())
    routes = routes_of(channel)
    open_ = routes.open_now(read_brakes(session), now)
    return Routes(tuple(road.route for road in open_ if _has_room(session, road, count, now)))


def _has_room(session: Session, road: Road, count: int, now: datetime) -> bool:
    limit = road.route.limit
    if limit is None:
        return True
    window = limit.window_of(now)
    return take(session, "provider", road.name, window=window, at_most=limit.at_most, wanted=count) == count
