"""The feed as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.channels.in_app.displays import offered
from engage.channels.in_app.feed import read_feed
from engage.channels.in_app.tables import InAppItem
from engage.messages.answering import Form
from engage.messages.inbox_questions import questions_of
from engage.releases.library import Library
from engage.web.in_app.asking import FeedAsked
from engage.web.in_app.questions import question_body
from engage.web.in_app.readers import Reader
from engage.web.in_app.tags import FRESH_FOR


def feed_body(
    session: Session, library: Library, reader: Reader, asked: FeedAsked, *, now: datetime
) -> tuple[dict[str, Any], list[InAppItem], datetime | None]:
    """What is asked of a contact's inbox, the items in it, and when the first of all that there are expires.

    A user we have not met yet has an empty one.
    """
    if reader.contact_id is None:
        return _body([], [], unseen=0, unread=0, next_cursor=None), [], None
    feed = read_feed(
        session, reader.contact_id, now=now, limit=asked.limit, cursor=asked.cursor, archived=asked.archived
    )
    forms = questions_of(session, library, feed.items, now=now)
    over = _over_pages(session, reader, asked.browsing, now)
    items = [_item(item, forms.get(item.message_id)) for item in feed.items]
    overlays = [_item(item, None) | _where(item) for item in over]
    body = _body(items, overlays, unseen=feed.unseen, unread=feed.unread, next_cursor=feed.next_cursor)
    return body, [*feed.items, *over], feed.ends_at


def fresh_until(reader: Reader, ends_at: datetime | None, *, now: datetime) -> datetime:
    """How long an inbox looks the same as long as nothing is done to it."""
    ends = [now + FRESH_FOR, ends_at, reader.quiet_until]
    return min(one for one in ends if one is not None and one > now)


def _over_pages(session: Session, reader: Reader, browsing: str, now: datetime) -> list[InAppItem]:
    if reader.contact_id is None or not browsing:
        return []
    return list(offered(session, reader.contact_id, browsing, quiet_until=reader.quiet_until, now=now))


def _body(
    items: list[dict[str, Any]], overlays: list[dict[str, Any]], *, unseen: int, unread: int, next_cursor: str | None
) -> dict[str, Any]:
    counts = {"unseen": unseen, "unread": unread}
    return {"items": items, "overlays": overlays, "counts": counts, "next_cursor": next_cursor}


def _where(item: InAppItem) -> dict[str, Any]:
    return {"display": item.display, "pages": item.pages, "frequency": item.frequency}


def _item(item: InAppItem, asked: Form | None) -> dict[str, Any]:
    return {
        "id": item.public_id,
        "title": item.title,
        "body": item.body,
        "link": {"url": item.link} if item.link else None,
        "locale": item.locale,
        "priority": item.priority,
        "created_at": item.created_at.isoformat(),
        "expires_at": _iso(item.expires_at),
        "seen_at": _iso(item.seen_at),
        "read_at": _iso(item.read_at),
        "clicked_at": _iso(item.clicked_at),
        "archived_at": _iso(item.archived_at),
        "question": question_body(asked) if asked else None,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
