"""Guessing passwords is slow: after some failures an address, and a client, wait longer each time, never for good.

The counts are rows, so that all web processes share them. A try is counted before its password is looked at, so that
many at once gain nothing; who knows the password gives the count back.
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.keys import address_key
from engage.staff.tables import LoginThrottle

FREE_TRIES = {"address": 5, "client": 30}  # many colleagues may share a client's address
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)


def count_try(session: Session, address: str, client: str, *, now: datetime) -> datetime | None:
    """Counts a try and returns None; or returns until when none is taken, and counts nothing."""
    rows = _locked(session, _keys(address, client), now)
    until = waits_until(rows, now)
    if until is not None:
        return until
    for row in rows.values():
        row.failures = 1 if row.last_at <= now - FORGOTTEN_AFTER else row.failures + 1
        row.last_at = now
    return None


def wait_of(session: Session, address: str, client: str, *, now: datetime) -> datetime | None:
    """Until when no further try is taken, or None when the next one may come at once."""
    keys = _keys(address, client)
    found = {row.key: row for row in session.scalars(_rows(keys))}
    return waits_until({kind: found[key] for kind, key in keys.items() if key in found}, now)


def give_back(session: Session, address: str, client: str, *, now: datetime) -> None:
    """The try was right: the address starts afresh, the client loses one failure; what is old is swept."""
    rows = _locked(session, _keys(address, client), now)
    session.delete(rows["address"])
    rows["client"].failures = max(0, rows["client"].failures - 1)
    session.execute(delete(LoginThrottle).where(LoginThrottle.last_at <= now - FORGOTTEN_AFTER))


def forget(session: Session, address: str) -> None:
    """Lets an address try at once: an administrator gave it a new password."""
    session.execute(delete(LoginThrottle).where(LoginThrottle.key == _key("address", address_key(address))))


def wait_after(failures: int, free: int) -> timedelta:
    """How long to wait after so many failures: nothing at first, then twice as long each time, up to a bound."""
    if failures < free:
        return timedelta(0)
    return min(FIRST_WAIT * (1 << min(failures - free, 16)), LONGEST_WAIT)


def waits_until(rows: dict[str, LoginThrottle], now: datetime) -> datetime | None:
    """The later end of the waits of an address and a client, when one is still to come."""
    ends = [row.last_at + wait_after(row.failures, FREE_TRIES[kind]) for kind, row in rows.items()]
    return max((end for end in ends if end > now), default=None)


def _locked(session: Session, keys: dict[str, str], now: datetime) -> dict[str, LoginThrottle]:
    fresh = [{"key": key, "failures": 0, "last_at": now} for key in sorted(keys.values())]
    insert_ignore(session, LoginThrottle, fresh)
    found = session.scalars(_rows(keys).with_for_update().execution_options(populate_existing=True))
    by_key = {row.key: row for row in found}
    return {kind: by_key[key] for kind, key in keys.items()}


def _rows(keys: dict[str, str]) -> Select[LoginThrottle]:
    return select(LoginThrottle).where(LoginThrottle.key.in_(keys.values())).order_by(LoginThrottle.key)


def _keys(address: str, client: str) -> dict[str, str]:
    return {"address": _key("address", address_key(address)), "client": _key("client", _network(client))}


def _key(kind: str, of: str) -> str:
    return hashlib.sha256(f"{kind}:{of}".encode()).hexdigest()


def _network(client: str) -> str:
    """One household of IPv6 addresses counts as one client."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
