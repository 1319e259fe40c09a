"""Banners and modals: which of them a session of a reader may be shown now, by what was shown before.

The ledger is kept here, not in browsers: a reader who changes the browser is not shown again what they closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, case, or_, select, update
from sqlalchemy.orm import Session

from engage.channels.in_app.changes import hold_inboxes, keep_quiet, note_changes
from engage.channels.in_app.feed import open_to
from engage.channels.in_app.states import OPEN
from engage.channels.in_app.tables import InAppDisplay, InAppInbox, InAppItem
from engage.db.bulk import insert_ignore
from engage.db.sets import one_of

QUIET_FOR: Final = timedelta(hours=8)
"""So long nothing else lies over a page once somebody closed what did; high priority is not held back."""
MOST_OFFERED = 20
OVERLAYS = ("banner", "modal")

_URGENCY = case((InAppItem.priority == "high", 0), (InAppItem.priority == "normal", 1), else_=2)


def offered(
    session: Session, contact_id: int, browsing: str, *, quiet_until: datetime | None, now: datetime
) -> Sequence[InAppItem]:
    """What this session may be shown over its pages: the most important first, then the newest."""
    asked = select(InAppItem).where(*_may_show(contact_id, browsing, quiet_until, now))
    return session.scalars(asked.order_by(_URGENCY, InAppItem.id.desc()).limit(MOST_OFFERED)).all()


def claim(session: Session, contact_id: int, item_id: str, browsing: str, *, now: datetime) -> bool:
    """Whether the session shows the item now; noted, so that of two pages that ask at once one is told no."""
    hold_inboxes(session, [contact_id])
    quiet_until = session.scalar(select(InAppInbox.quiet_until).where(InAppInbox.contact_id == contact_id))
    it = (InAppItem.public_id == item_id,)
    item = session.scalar(select(InAppItem).where(*it, *_may_show(contact_id, browsing, quiet_until, now)))
    if item is None:
        return False
    row = {"item_id": item.id, "contact_id": contact_id, "session": browsing, "display": item.display}
    row |= {"shown_at": now, "closed_at": None}
    new = insert_ignore(session, InAppDisplay, [row], returning=[InAppDisplay.id.expression])
    if new and (item.display == "modal" or item.frequency == "once"):  # other pages may not be shown it, or others
        note_changes(session, [contact_id], now=now)
    here = _shown_here(contact_id, browsing).where(InAppDisplay.item_id == item.id)
    return session.scalar(here.where(InAppDisplay.closed_at.is_(None))) is not None


def close(session: Session, contact_id: int, item_id: str, browsing: str, *, now: datetime) -> None:
    """Notes that somebody closed a banner or modal: it stays away, and others do for a while."""
    mine = (InAppItem.public_id == item_id, InAppItem.contact_id == contact_id, InAppItem.display.in_(OVERLAYS))
    found = session.scalar(select(InAppItem.id).where(*mine))
    if found is None:
        return
    hold_inboxes(session, [contact_id])
    shown = (InAppDisplay.item_id == found, InAppDisplay.session == browsing, InAppDisplay.closed_at.is_(None))
    session.execute(update(InAppDisplay).where(*shown).values(closed_at=now))
    note_changes(session, [contact_id], now=now)
    keep_quiet(session, contact_id, until=now + QUIET_FOR)


def withdraw(session: Session, messages: Select[int], *, now: datetime) -> None:
    """Shows the banners and modals of these messages to nobody any more; what is in a list stays there."""
    theirs = (InAppItem.message_id.in_(messages), InAppItem.display.in_(OVERLAYS), InAppItem.expires_at > now, *OPEN)
    found = session.execute(select(InAppItem.id, InAppItem.contact_id).where(*theirs)).all()
    if not found:
        return
    readers = [row.contact_id for row in found]
    hold_inboxes(session, readers)
    ended = update(InAppItem).where(one_of(InAppItem.id, [row.id for row in found])).values(expires_at=now)
    session.execute(ended, execution_options={"synchronize_session": False})
    note_changes(session, readers, now=now)


def _may_show(
    contact_id: int, browsing: str, quiet_until: datetime | None, now: datetime
) -> tuple[ColumnElement[bool], ...]:
    here, of_it = _shown_here(contact_id, browsing), InAppDisplay.item_id == InAppItem.id
    another_modal = here.where(InAppDisplay.display == "modal", ~of_it).exists()
    often = or_(
        and_(InAppItem.frequency == "once", ~select(InAppDisplay.id).where(of_it).exists()),
        and_(InAppItem.frequency == "until_dismissed", InAppItem.clicked_at.is_(None)),
        and_(InAppItem.frequency == "always", ~here.where(of_it, InAppDisplay.closed_at.is_not(None)).exists()),
    )
    rules = [often, InAppItem.display.in_(OVERLAYS), or_(InAppItem.display != "modal", ~another_modal)]
    if quiet_until is not None and quiet_until > now:  # what is shown already may stay
        is_shown = here.where(of_it, InAppDisplay.closed_at.is_(None)).exists()
        rules.append(or_(InAppItem.priority == "high", is_shown))
    return (*_still_open(contact_id, now), *rules)


def _still_open(contact_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What has not been put away; of what comes always, a dismissal ends only the session's showing."""
    mine, not_dismissed, not_over = open_to(contact_id, now)
    return mine, or_(not_dismissed, InAppItem.frequency == "always"), not_over, InAppItem.archived_at.is_(None)


def _shown_here(contact_id: int, browsing: str) -> Select[int]:
    return select(InAppDisplay.id).where(InAppDisplay.contact_id == contact_id, InAppDisplay.session == browsing)
