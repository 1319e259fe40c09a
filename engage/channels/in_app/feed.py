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


def read_feed(session: Session, contact_id: int, *, now: datetime, limit: int = 20, cursor: str | None = None) -> Feed:
    """The page after the cursor (an item's public id); dismissed and expired messages are not shown."""
    limit = max(1, min(limit, LARGEST_PAGE))
    shown = _shown(contact_id, now)
    page = select(InAppItem).where(*shown).order_by(InAppItem.id.desc()).limit(limit + 1)
    if cursor is not None:
        page = page.where(InAppItem.id < _place_of(contact_id, cursor))
    items = session.scalars(page).all()
    unseen, unread = session.execute(_counts(shown)).one()
    more = len(items) > limit
    items = items[:limit]
    return Feed(items=items, unseen=unseen, unread=unread, next_cursor=items[-1].public_id if more else None)


def _shown(contact_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        InAppItem.contact_id == contact_id,
        InAppItem.dismissed_at.is_(None),
        or_(InAppItem.expires_at.is_(None), InAppItem.expires_at > now),
    )


def _place_of(contact_id: int, cursor: str) -> ColumnElement[int]:
    at = select(InAppItem.id).where(InAppItem.public_id == cursor, InAppItem.contact_id == contact_id)
    return func.coalesce(at.scalar_subquery(), 0)


def _counts(shown: tuple[ColumnElement[bool], ...]) -> Select[int, int]:
    unseen = func.count().filter(InAppItem.seen_at.is_(None))
    unread = func.count().filter(InAppItem.read_at.is_(None))
    return select(unseen, unread).select_from(InAppItem).where(*shown)
