"""The states of in-app messages: instants that are set once; a repeat changes nothing and nothing is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engage.channels.in_app.tables import InAppItem

# What each state says besides itself: who clicked has read, who read has seen.
_IMPLIED = {"seen": (), "read": ("seen",), "clicked": ("read", "seen"), "dismissed": ("seen",)}
_COLUMNS = {
    "seen": InAppItem.seen_at,
    "read": InAppItem.read_at,
    "clicked": InAppItem.clicked_at,
    "dismissed": InAppItem.dismissed_at,
}
STATES = tuple(_COLUMNS)
MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Marked:
    """An item that reached a state just now, for the first time."""

    public_id: str
    message_id: int
    contact_id: int
    account_id: int | None


def mark(session: Session, contact_id: int, public_ids: Sequence[str], state: str, *, now: datetime) -> list[Marked]:
    """Sets a state (and those it implies) on the contact's own items; returns those for which it is news.

    Two requests at once cannot both have the news: each row changes where the state is still empty.
    """
    mine = (InAppItem.contact_id == contact_id, InAppItem.public_id.in_(public_ids))
    news = (InAppItem.public_id, InAppItem.message_id, InAppItem.contact_id, InAppItem.account_id)
    column = _COLUMNS[state]
    changed = session.execute(
        update(InAppItem).where(*mine, column.is_(None)).values({column: now}).returning(*news)
    ).all()
    for implied in _IMPLIED[state]:
        empty = _COLUMNS[implied]
        session.execute(update(InAppItem).where(*mine, empty.is_(None)).values({empty: now}))
    return [Marked(*row) for row in changed]


def mark_answered(session: Session, message_id: int, *, now: datetime) -> None:
    """A question that was answered, wherever, is no news in the inbox any more."""
    item = InAppItem.message_id == message_id
    for column in (InAppItem.read_at, InAppItem.seen_at):
        session.execute(update(InAppItem).where(item, column.is_(None)).values({column: now}))


def known_ids(session: Session, contact_id: int, public_ids: Sequence[str]) -> set[str]:
    """Which of these items are the contact's."""
    mine = (InAppItem.contact_id == contact_id, InAppItem.public_id.in_(public_ids))
    return set(session.scalars(select(InAppItem.public_id).where(*mine)))
