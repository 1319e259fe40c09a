"""How much a customer uses the product, counted from events: real people only, no colleagues, no test accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from engage.customers.tables import Account, Contact
from engage.db.sets import one_of
from engage.events.tables import SOURCE_ENGAGE, SOURCE_STAFF, Event

DAYS = 30
_ABOUT_CUSTOMERS = (
    "contract.%", "contact.%", "consent.%", "message.%", "kickoff.%", "handoff.%",
    "replied", "answered", "unsubscribed",
)  # fmt: skip
# What a change has to exceed to be called one.
_NOTABLE = 0.1


@dataclass(slots=True)
class Counted:
    """Events of one account in this window and the one before, by contact."""

    now: dict[int, int] = field(default_factory=dict)
    before: dict[int, int] = field(default_factory=dict)
    first_used_at: datetime | None = None


def count_usage(session: Session, account_ids: Iterable[int], *, now: datetime) -> Mapping[int, Counted]:
    """The usage of each account up to now."""
    counted: dict[int, Counted] = defaultdict(Counted)
    ids = list(account_ids)
    since = now - timedelta(days=DAYS)
    in_window = func.count().filter(Event.occurred_at > since)
    query = (
        select(Event.account_id, Event.contact_id, in_window, func.count())
        .join(Contact, Contact.id == Event.contact_id)
        .where(one_of(Event.account_id, ids), _counts(), Event.occurred_at > since - timedelta(days=DAYS))
        .where(Event.occurred_at <= now)
        .group_by(Event.account_id, Event.contact_id)
    )
    rows: Iterable[Any] = session.execute(query)
    for account_id, contact_id, recent, both in rows:
        one = counted[account_id]
        if recent:
            one.now[contact_id] = recent
        if both > recent:
            one.before[contact_id] = both - recent
    for account_id, first_used_at in session.execute(_first_uses(ids, now)):
        if first_used_at is not None:
            counted[account_id].first_used_at = first_used_at
    return counted


def usage_facts(counted: Counted | None, *, as_of: date, contact_id: int | None) -> dict[str, Any]:
    """`usage.…` of one account; nobody who counts means zeros."""
    one = counted or Counted()
    events, before = sum(one.now.values()), sum(one.before.values())
    return {
        "active_users": len(one.now),
        "active_users_before": len(one.before),
        "events": events,
        "events_before": before,
        "days": DAYS,
        "as_of": as_of,
        "trend": trend(events, before),
        "first_used_at": one.first_used_at,
        "contact_events": one.now.get(contact_id, 0) if contact_id is not None else None,
    }


def trend(events: int, before: int) -> str:
    """`up`, `down` or `flat` against the window before; `none` where there is nothing to compare."""
    if not events and not before:
        return "none"
    if abs(events - before) <= before * _NOTABLE:
        return "flat"
    return "up" if events > before else "down"


def _counts() -> Any:
    """What is use of the product: a track event of a person who is not a colleague."""
    return and_(
        Event.type == "track",
        Event.source_id.not_in((SOURCE_ENGAGE, SOURCE_STAFF)),
        Contact.is_staff.is_(False),
        *(Event.name.not_like(pattern) for pattern in _ABOUT_CUSTOMERS),
    )


def _first_uses(account_ids: list[int], now: datetime) -> Any:
    first = (
        select(Event.occurred_at)
        .join(Contact, Contact.id == Event.contact_id)
        .where(Event.account_id == Account.id, _counts(), Event.occurred_at <= now)
        .order_by(Event.occurred_at)
        .limit(1)
        .correlate(Account)
        .scalar_subquery()
    )
    return select(Account.id, first).where(one_of(Account.id, account_ids))
