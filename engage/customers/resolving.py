"""From events to customers: who did it, at which account, and what that says about both.

Everything a customer's tables hold comes from event rows alone, so that history can be replayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engage.customers.loading import load_picture
from engage.customers.projecting import project
from engage.customers.writing import write_picture
from engage.events.timeline import EventRow

_LOCK = text("SELECT pg_advisory_xact_lock(4711, 1)")


def resolve(session: Session, events: Sequence[EventRow], *, now: datetime) -> None:
    """Attributes the events in their order, projects them, and marks them resolved.

    The rows given get their `contact_id` and `account_id`. Events told earlier that learn only now whom they are
    about lose their `resolved_at`, so that they come up again.
    """
    _project_all(session, events, resolved_at=now)


def project_ahead(session: Session, events: Sequence[EventRow]) -> None:
    """The same without marking them: an import shows at once, and the digest still finds each event."""
    _project_all(session, events, resolved_at=None)


def _project_all(session: Session, events: Sequence[EventRow], *, resolved_at: datetime | None) -> None:
    if not events:
        return
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_LOCK)  # two at once would both make the same account
    picture = load_picture(session, events)
    for event in events:
        project(picture, event)
    write_picture(session, picture, events, resolved_at=resolved_at)
