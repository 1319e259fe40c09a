"""What one contact's inbox shows: newest first, in pages, with the counts for the bell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from engage.channels.in_app.tables import InAppItem

LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Feed:
    """One page of an inbox, and the counts of the whole of it."""

    items: Sequence[InAppItem]
    unseen: int
    unread: int
    next_cursor: str | None
    ends_at: datetime | None
    """When the first of what the inbox holds, in the list or over a page, expires."""


def read_feed(
    session: Session,
    contact_id: int,
    *,
    now: datetime,
    limit: int = 20,
    cursor: str | None = None,
    archived: bool = False,
) -> Feed:
    """The page after the cursor (an item's public id), or what was archived; dismissed and expired ones never."""
    limit = max(1, min(limit, LARGEST_PAGE))
    in_list = (*open_to(contact_id, now), InAppItem.display == "feed")
    put_away = InAppItem.archived_at.is_not(None) if archived else InAppItem.archived_at.is_(None)
    page = select(InAppItem).where(*in_list, put_away).order_by(InAppItem.id.desc()).limit(limit + 1)
    if cursor is not None:
        page = page.where(InAppItem.id < _place_of(contact_id, cursor))
    items = session.scalars(page).all()
    unseen, unread, ends_at = session.execute(_counts(contact_id, now)).one()
    more = len(items) > limit
    items = items[:limit]
    next_cursor = items[-1].public_id if more else None
    return Feed(items=items, unseen=unseen, unread=unread, next_cursor=next_cursor, ends_at=ends_at)


def open_to(contact_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The contact's messages whose time is not over, but for those that were dismissed."""
    return (
        InAppItem.contact_id == contact_id,
        InAppItem.dismissed_at.is_(None),
        or_(InAppItem.expires_at.is_(None), InAppItem.expires_at > now),
    )


def _place_of(contact_id: int, cursor: str) -> ColumnElement[int]:
    at = select(InAppItem.id).where(InAppItem.public_id == cursor, InAppItem.contact_id == contact_id)
    return func.coalesce(at.scalar_subquery(), 0)


def _counts(contact_id: int, now: datetime) -> Select[int, int, datetime | None]:
    in_list = InAppItem.display == "feed"
    unseen = func.count().filter(in_list, InAppItem.seen_at.is_(None))
    unread = func.count().filter(in_list, InAppItem.read_at.is_(None))
    ends_at = func.min(InAppItem.expires_at, type_=InAppItem.expires_at.type)
    waiting = (*open_to(contact_id, now), InAppItem.archived_at.is_(None))
    return select(unseen, unread, ends_at).select_from(InAppItem).where(*waiting)
