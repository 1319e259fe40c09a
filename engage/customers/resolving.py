"""From events to customers: who did it, at which account, and what that says about both.

Everything a customer's tables hold comes from event rows alone, so that history can be replayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engage.customers.loading import CONTACT_LEFT, load_picture
from engage.customers.picture import Departure, Merged
from engage.customers.projecting import project
from engage.customers.writing import write_picture
from engage.events.recording import NewEvent, record
from engage.events.timeline import EventRow
from engage.keys import departure

_LOCK = text("SELECT pg_advisory_xact_lock(4711, 1)")


def resolve(session: Session, events: Sequence[EventRow], *, now: datetime) -> list[Merged]:
    """Attributes the events in their order, projects them, and marks them resolved.

    The rows given get their `contact_id` and `account_id`. Events told earlier that learn only now whom they are
    about lose their `resolved_at`, so that they come up again. Contacts that turned out to be others are returned:
    what is done for them above this package is to follow.
    """
    return _project_all(session, events, resolved_at=now)


def project_ahead(session: Session, events: Sequence[EventRow]) -> list[Merged]:
    """The same without marking them: an import shows at once, and the digest still finds each event."""
    return _project_all(session, events, resolved_at=None)


def _project_all(session: Session, events: Sequence[EventRow], *, resolved_at: datetime | None) -> list[Merged]:
    if not events:
        return []
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_LOCK)  # two at once would both make the same account
    picture = load_picture(session, events)
    for event in events:
        project(picture, event)
    merged = write_picture(session, picture, events, resolved_at=resolved_at)
    if picture.departures:
        record(session, [made for one in picture.departures if (made := _left(one)) is not None])
    return merged


def _left(one: Departure) -> NewEvent | None:
    """That somebody left, as the event by which any other source would have told it."""
    contact, account = one.membership.contact, one.membership.account
    while contact is not None and contact.absorbed_by is not None:
        contact = contact.absorbed_by
    if contact is None or account is None:
        return None
    who, where = contact.values["external_id"], account.values["external_id"]
    return NewEvent(
        key=departure(who, where, one.membership.values["since"]),
        name=CONTACT_LEFT,
        occurred_at=one.event.occurred_at,
        received_at=one.event.received_at,
        account_id=None,  # it takes the way of any that comes from outside
        user_id=who,
        group_id=where,
        properties=dict(one.told),
    )
