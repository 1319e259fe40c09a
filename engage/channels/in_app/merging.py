"""Two contacts turn out to be one person: what is in the inbox of one goes to the other's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from engage.channels.in_app.changes import hold_inboxes, note_changes
from engage.channels.in_app.tables import InAppDisplay, InAppItem


def give_inbox(session: Session, old: int, contact: int, *, now: datetime) -> None:
    """Gives the messages, and what was shown of them, to the contact that stays."""
    hold_inboxes(session, (old, contact))
    # One browser may have been both in one visit; that it was shown a modal is kept once.
    shown = select(InAppDisplay.session).where(InAppDisplay.contact_id == contact, InAppDisplay.display == "modal")
    twice = (InAppDisplay.contact_id == old, InAppDisplay.display == "modal", InAppDisplay.session.in_(shown))
    unseen = {"synchronize_session": False}
    session.execute(delete(InAppDisplay).where(*twice), execution_options=unseen)
    for table in (InAppDisplay, InAppItem):
        theirs = update(table).where(table.contact_id == old).values(contact_id=contact)
        session.execute(theirs, execution_options=unseen)
    note_changes(session, [contact], now=now)
