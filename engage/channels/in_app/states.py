"""The states of in-app messages: instants that are set once; a repeat changes nothing and nothing is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from engage.channels.in_app.changes import hold_inboxes, note_changes
from engage.channels.in_app.tables import InAppDisplay, InAppItem
from engage.db.sets import one_of

# What each state says besides itself: who clicked has read, who read has seen.
_IMPLIED = {
    "delivered": (),
    "seen": (),
    "read": ("seen",),
    "clicked": ("seen", "read"),
    "dismissed": ("seen",),
    "archived": ("seen",),
    "expired": (),
}
_COLUMNS = {state: getattr(InAppItem, f"{state}_at") for state in _IMPLIED}
STATES = tuple(_IMPLIED)
OF_READERS = ("seen", "read", "clicked", "dismissed", "archived")
"""What a reader's browser may say."""
MOST_AT_ONCE = 100
OPEN = (InAppItem.dismissed_at.is_(None), InAppItem.archived_at.is_(None), InAppItem.expired_at.is_(None))


@dataclass(frozen=True, slots=True)
class Marked:
    """An item that reached a state just now, for the first time."""

    public_id: str
    message_id: int
    contact_id: int
    account_id: int | None
    state: str


def mark(session: Session, contact_id: int, public_ids: Sequence[str], state: str, *, now: datetime) -> list[Marked]:
    """Sets a state, after those it implies, on the contact's own items; returns what of it is news.

    Two requests at once cannot both have the news: each row changes where the state is still empty.
    """
    mine = (InAppItem.contact_id == contact_id, InAppItem.public_id.in_(public_ids))
    hold_inboxes(session, [contact_id])
    news = [one for each in (*_IMPLIED[state], state) for one in _set(session, mine, each, now)]
    if state != "delivered":  # nothing that the reader sees changes by that
        note_changes(session, (one.contact_id for one in news), now=now)
    return news


def mark_answered(session: Session, message_id: int, *, now: datetime) -> None:
    """A question that was answered, wherever, is no news in the inbox any more; and it shows the answer."""
    of_it = (InAppItem.message_id == message_id,)
    readers = session.scalars(select(InAppItem.contact_id).where(*of_it)).all()
    if not readers:
        return
    hold_inboxes(session, readers)
    for state in ("seen", "read"):
        _set(session, of_it, state, now)
    note_changes(session, readers, now=now)


def expire(session: Session, *, now: datetime, limit: int = 500) -> list[Marked]:
    """Marks messages whose time is over, with what was noted of showing them; nobody is shown them since then."""
    over = select(InAppItem.id, InAppItem.contact_id).where(*OPEN, InAppItem.expires_at <= now)
    found = session.execute(over.order_by(InAppItem.expires_at).limit(limit)).all()
    hold_inboxes(session, (row.contact_id for row in found))
    ids = [row.id for row in found]
    news = _set(session, (one_of(InAppItem.id, ids), *OPEN), "expired", now) if ids else []
    if news:
        session.execute(delete(InAppDisplay).where(one_of(InAppDisplay.item_id, ids)))
        note_changes(session, (one.contact_id for one in news), now=now)
    return news


def known_ids(session: Session, contact_id: int, public_ids: Sequence[str]) -> set[str]:
    """Which of these items are the contact's."""
    mine = (InAppItem.contact_id == contact_id, InAppItem.public_id.in_(public_ids))
    return set(session.scalars(select(InAppItem.public_id).where(*mine)))


def _set(session: Session, which: Sequence[Any], state: str, now: datetime) -> list[Marked]:
    column = _COLUMNS[state]
    told = (InAppItem.public_id, InAppItem.message_id, InAppItem.contact_id, InAppItem.account_id)
    changed = update(InAppItem).where(*which, column.is_(None)).values({column: now}).returning(*told)
    return [Marked(*row, state) for row in session.execute(changed, execution_options={"synchronize_session": False})]
