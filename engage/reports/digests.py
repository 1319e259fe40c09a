"""The digest: one letter in the morning of each open day to whoever there is something to say to."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from engage.calendars.wall_times import WallTime
from engage.calendars.zones import day_of
from engage.errors import InputError
from engage.keys import news_of_day
from engage.messages.links import Links
from engage.notices.telling import Letter, News, post
from engage.releases.library import Library
from engage.reports.digest_letters import digest_of
from engage.reports.today import today_of
from engage.staff.colleagues import colleagues
from engage.staff.presence import Colleague
from engage.staff.reaching import reach_of
from engage.staff.tables import Reach, StaffMember

_STALE = timedelta(hours=4)  # nobody reads in the evening what their morning was to look like
_FAR = timedelta(days=30)  # until somebody is looked at again who has no open day within a year


def send_digests(session: Session, library: Library, links: Links, *, now: datetime, limit: int = 50) -> int:
    """Writes the digests that are due, and reckons when each colleague's next one is; how many it dealt with."""
    due = select(StaffMember).outerjoin(Reach, Reach.staff_id == StaffMember.id).where(digest_is_due(now))
    members = session.scalars(due.order_by(StaffMember.id).limit(limit)).all()
    if not members:
        return 0
    people = colleagues(session, library.vocabulary(session), now=now)
    for member in members:
        one, reach = people[member.id], reach_of(session, member.id)
        is_fresh = reach.digest_due_at is not None and now - reach.digest_due_at <= _STALE
        if is_fresh and not one.is_away(now):
            _send(session, library, links, member, one, now)
        reach.digest_due_at = _next(one, reach, now)
        session.add(reach)
    return len(members)


def digest_is_due(now: datetime) -> ColumnElement[bool]:
    """Of a colleague with how they are reached, if they ever said: whether a digest is due, or to be reckoned."""
    never_reckoned = Reach.staff_id.is_(None) | (Reach.digest_at.is_not(None) & Reach.digest_due_at.is_(None))
    return StaffMember.is_active & or_(never_reckoned, Reach.digest_due_at <= now)


def _next(one: Colleague, reach: Reach, now: datetime) -> datetime | None:
    if reach.digest_at is None:
        return None
    try:
        at = WallTime.parse(f"open day {reach.digest_at}")
        return at.after(now, zone=one.zone, calendar=one.own_days)
    except InputError:  # no open day within a year
        return now + _FAR


def _send(session: Session, library: Library, links: Links, member: StaffMember, one: Colleague, now: datetime) -> None:
    today = today_of(session, library, member, links=links, now=now)
    if today.is_empty:
        return
    day = news_of_day(day_of(now, one.zone))
    news = News(id=member.id, key=day, about="digest", staff_id=member.id, tell_at=now)
    post(session, Letter(one, "digest", [news]), digest_of(today, member, links, now=now), now=now)
