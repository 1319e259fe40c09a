"""A colleague called, met or wrote to a customer by hand: said as an event, so that it counts as a touch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engage.customers.finding import find_account
from engage.customers.tables import Contact, Membership
from engage.errors import InputError, NotFoundError
from engage.events.recording import NewEvent, record
from engage.events.tables import SOURCE_STAFF
from engage.keys import touch_event

TOUCH: Final = "touch.logged"
KINDS: Final = ("call", "visit", "meeting", "mail", "other")
LONGEST_NOTE: Final = 2000
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_AHEAD = timedelta(minutes=5)  # clocks differ
_BACK = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What a colleague did, with whom, when; `key` makes it one thing however often it is said."""

    key: str
    account: str
    kind: str
    at: datetime
    contact: str | None = None
    note: str = ""


def log_touch(session: Session, touched: Touched, *, by: str, now: datetime) -> bool:
    """Records `touch.logged`; False where it was recorded before. Refuses what names nobody or lies ahead."""
    if touched.kind not in KINDS:
        raise InputError(f"{touched.kind!r} is no kind of touch", code="bad_kind", hint=f"one of {', '.join(KINDS)}")
    if not now - _BACK <= touched.at <= now + _AHEAD:
        raise InputError("a touch is logged once it has happened, within a year", code="bad_time", where="at")
    account = find_account(session, touched.account)
    contact_id = _contact(session, account.id, touched.contact) if touched.contact else None
    note = _CONTROLS.sub("", touched.note.replace("\r\n", "\n")).strip()[:LONGEST_NOTE]
    said = {"kind": touched.kind, "note": note, "by": by}
    event = NewEvent(
        key=touch_event(touched.key),
        name=TOUCH,
        occurred_at=touched.at,
        received_at=now,
        account_id=account.id,
        contact_id=contact_id,
        properties={name: value for name, value in said.items() if value},
    )
    return bool(record(session, [event], source_id=SOURCE_STAFF))


def _contact(session: Session, account_id: int, named: str) -> int:
    """The person of that account: by your id, Engage's, or their address."""
    here = select(Membership.contact_id).where(Membership.account_id == account_id)
    names = (Contact.external_id == named, Contact.public_id == named, Contact.address_key == named.strip().casefold())
    found = session.scalar(select(Contact.id).where(Contact.id.in_(here), or_(*names)).order_by(Contact.id).limit(1))
    if found is None:
        raise NotFoundError("nobody of that name is at this account", code="no_such_contact", where=named)
    return found
