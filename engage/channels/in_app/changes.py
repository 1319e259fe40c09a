"""An inbox has changed: its version grows, and whoever has it open in a browser is told after the commit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engage.channels.in_app.tables import InAppInbox
from engage.db.base import UtcDateTime
from engage.db.session import dialect_of, nudge
from engage.db.sets import one_of

CHANGED = "inbox:"  # how a nudge about a contact's inbox begins; the contact's id follows

_inboxes: Any = InAppInbox.__table__


def note_changes(session: Session, contact_ids: Iterable[int], *, now: datetime) -> None:
    """Gives these inboxes a new version, in one order for all, so that two transactions cannot wait for each other."""
    wanted = sorted(set(contact_ids))
    if not wanted:
        return
    session.connection().execute(_next_version(dialect_of(session)), [{"of": one, "at": now} for one in wanted])
    for contact_id in wanted:
        nudge(session, f"{CHANGED}{contact_id}")


def hold_inboxes(session: Session, contact_ids: Iterable[int]) -> None:
    """Lets nobody else change these inboxes until the commit; who changes items there holds the inbox first."""
    wanted = (one_of(InAppInbox.contact_id, set(contact_ids)),)
    session.execute(select(InAppInbox.contact_id).where(*wanted).order_by(InAppInbox.contact_id).with_for_update())


def keep_quiet(session: Session, contact_id: int, *, until: datetime) -> None:
    """Leaves the reader in peace until then."""
    mine = (InAppInbox.contact_id == contact_id,)
    session.execute(update(InAppInbox).where(*mine).values(quiet_until=until))


@cache
def _next_version(dialect: str) -> Any:
    made = (sqlite if dialect == "sqlite" else postgresql).insert(_inboxes)
    at = bindparam("at", type_=UtcDateTime())
    first = made.values(contact_id=bindparam("of"), version=1, changed_at=at)
    grown = {"version": _inboxes.c.version + 1, "changed_at": at}
    return first.on_conflict_do_update(index_elements=["contact_id"], set_=grown)
