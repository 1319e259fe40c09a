"""Putting messages into inboxes: the row is the delivery, so its outcome is never in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from engage.channels.in_app.changes import note_changes
from engage.channels.in_app.tables import InAppItem
from engage.db.bulk import insert_ignore
from engage.ids import new_id

KEPT_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """One in-app message, finished; plain text only."""

    message_id: int
    contact_id: int
    account_id: int | None
    locale: str
    title: str
    body: str
    link: str | None = None
    display: str = "feed"
    priority: str = "normal"
    frequency: str = "until_dismissed"
    pages: tuple[str, ...] = ()
    expires_at: datetime | None = None


def post(session: Session, items: Sequence[NewItem], *, now: datetime) -> int:
    """Puts each message into its contact's inbox once, however often it is called; returns how many are new."""
    rows = [_row(item, now) for item in items]
    new = insert_ignore(session, InAppItem, rows, returning=[InAppItem.contact_id.expression])
    note_changes(session, (row.contact_id for row in new), now=now)
    return len(new)


def _row(item: NewItem, now: datetime) -> dict[str, object]:
    said = asdict(item)
    return said | {
        "public_id": new_id("itm"),
        "pages": list(item.pages),
        "created_at": now,
        "expires_at": item.expires_at or now + KEPT_FOR,
    }
