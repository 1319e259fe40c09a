"""What became of in-app messages: the state on the item, the event for whoever waits, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.channels.base import Receipt
from engage.channels.in_app.displays import claim, close
from engage.channels.in_app.states import Marked, expire, known_ids, mark
from engage.db.sets import one_of
from engage.events.recording import NewEvent, record
from engage.keys import message_event
from engage.messages.receipts import record_receipts
from engage.messages.tables import Message

_PROVIDER, _PROVED = "in_app", "delivered"


def react(session: Session, contact_id: int | None, public_ids: Sequence[str], state: str, *, now: datetime) -> int:
    """Marks the contact's own items and records `in_app.<state>` for each first time; returns how many are theirs.

    What a state says besides itself is told, too: who waits for `in_app.seen` hears of a click that came first.
    """
    if contact_id is None or not public_ids:
        return 0
    _record(session, mark(session, contact_id, public_ids, state, now=now), now)
    return len(known_ids(session, contact_id, public_ids))


def show_over_page(
    session: Session, contact_id: int | None, item_id: str, browsing: str, *, now: datetime
) -> bool | None:
    """Whether this session shows the banner or modal now, which is then seen; None for no item of the contact's."""
    if contact_id is None or not known_ids(session, contact_id, [item_id]):
        return None
    shown = claim(session, contact_id, item_id, browsing, now=now)
    if shown:
        react(session, contact_id, [item_id], "seen", now=now)
    return shown


def put_away(session: Session, contact_id: int | None, item_id: str, browsing: str, *, now: datetime) -> int:
    """Notes that the reader dismissed it, in the session that showed it; returns how many are theirs."""
    if contact_id is not None and browsing:
        close(session, contact_id, item_id, browsing, now=now)
    return react(session, contact_id, [item_id], "dismissed", now=now)


def note_delivery(session: Session, contact_id: int, public_ids: Sequence[str], *, now: datetime) -> None:
    """A browser has fetched these for the first time: `message.delivered`, as of a mail that has arrived."""
    ids = [one.message_id for one in mark(session, contact_id, public_ids, _PROVED, now=now)]
    # A question shown in the product belongs to its mail: that it was fetched here says nothing of the mail.
    own = (one_of(Message.id, ids), Message.channel == _PROVIDER)
    fetched = session.scalars(select(Message.public_id).where(*own)).all() if ids else ()
    record_receipts(session, [_receipt(message_id, now) for message_id in fetched], now=now)


def _receipt(message_id: str, now: datetime) -> Receipt:
    key = f"{message_id}:{_PROVED}"
    return Receipt(_PROVIDER, key, message_id, _PROVED, now, reason=None, address=None, raw={})


def expire_items(session: Session, *, now: datetime) -> int:
    """Notes whose time is over: `in_app.expired`; how many."""
    news = expire(session, now=now)
    _record(session, news, now)
    return len(news)


def _record(session: Session, news: Sequence[Marked], now: datetime) -> None:
    if not news:
        return
    asked = select(Message).where(one_of(Message.id, {item.message_id for item in news}))
    messages = {message.id: message for message in session.scalars(asked)}
    record(session, [_event(item, messages[item.message_id], now) for item in news])


def _event(item: Marked, message: Message, now: datetime) -> NewEvent:
    name = f"in_app.{item.state}"
    return NewEvent(
        key=message_event(message.public_id, name),
        name=name,
        occurred_at=now,
        received_at=now,
        account_id=item.account_id,
        contact_id=item.contact_id,
        properties={
            "message_id": message.public_id,
            "origin": message.origin,
            "origin_id": message.origin_id,
            "step_id": message.step_id,
            "visit": message.visit,
        },
    )
