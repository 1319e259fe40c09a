"""The feed as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.channels.in_app.feed import read_feed
from engage.channels.in_app.tables import InAppItem
from engage.messages.answering import Form
from engage.messages.inbox_questions import questions_of
from engage.releases.library import Library
from engage.web.in_app.questions import question_body


def feed_body(
    session: Session, library: Library, contact_id: int | None, *, now: datetime, limit: int, cursor: str | None
) -> dict[str, Any]:
    """One page of a contact's inbox; a user we have not met yet has an empty one."""
    if contact_id is None:
        return {"items": [], "counts": {"unseen": 0, "unread": 0}, "next_cursor": None}
    feed = read_feed(session, contact_id, now=now, limit=limit, cursor=cursor)
    asked = questions_of(session, library, feed.items, now=now)
    return {
        "items": [_item(item, asked.get(item.message_id)) for item in feed.items],
        "counts": {"unseen": feed.unseen, "unread": feed.unread},
        "next_cursor": feed.next_cursor,
    }


def _item(item: InAppItem, asked: Form | None) -> dict[str, Any]:
    return {
        "id": item.public_id,
        "title": item.title,
        "body": item.body,
        "link": {"url": item.link} if item.link else None,
        "locale": item.locale,
        "created_at": item.created_at.isoformat(),
        "seen_at": _iso(item.seen_at),
        "read_at": _iso(item.read_at),
        "clicked_at": _iso(item.clicked_at),
        "question": question_body(asked) if asked else None,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
