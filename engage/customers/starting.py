"""Contracts begin by themselves on their start date, on the customer's wall clock: as an event, like every change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Date, bindparam, select, text
from sqlalchemy.orm import Session

from engage.calendars.zones import day_of, first_zone, start_of
from engage.customers.contract_terms import STARTED
from engage.customers.tables import Account, Contract
from engage.db.session import nudge
from engage.events.storing import EventValues, store_events
from engage.events.tables import SOURCE_CALENDAR
from engage.keys import contract_started

_MOST = 1000
_PENDING = text("contracts.state = 'pending'")  # spelled out as in the partial index
_FIRST_TO_BEGIN = timedelta(hours=14)  # a day begins first where clocks are 14 hours ahead
_TO_BEGIN = (
    select(Contract.external_id, Contract.starts_on, Account.external_id.label("account"), Account.time_zone)
    .join(Account, Account.id == Contract.account_id)
    .where(_PENDING, Contract.starts_on <= bindparam("latest", type_=Date()))
    .order_by(Contract.starts_on.desc(), Contract.id)
    .limit(_MOST)
)


def start_contracts(session: Session, *, time_zone: str, now: datetime) -> int:
    """Writes `contract.started` once for each pending contract whose day has come; the digest makes it active."""
    written = store_events(session, SOURCE_CALENDAR, list(_started(session, time_zone, now)))
    if written:
        nudge(session, "digest")
    return written


def _started(session: Session, time_zone: str, now: datetime) -> Iterator[EventValues]:
    latest = (now + _FIRST_TO_BEGIN).date()
    for contract_id, starts_on, account, own_zone in session.connection().execute(_TO_BEGIN, {"latest": latest}):
        zone = first_zone(own_zone, time_zone)
        if starts_on is not None and starts_on <= day_of(now, zone):
            yield {
                "source_id": SOURCE_CALENDAR,
                "message_id": contract_started(contract_id, starts_on),
                "type": "track",
                "name": STARTED,
                "occurred_at": start_of(starts_on, zone),
                "received_at": now,
                "user_id": None,
                "anonymous_id": None,
                "group_id": account,
                "properties": {"contract_id": contract_id, "starts_on": starts_on.isoformat()},
                "context": {},
                "contact_id": None,
                "account_id": None,
            }
