"""Reports of servers as receipts, so that the same table of transitions and the same suppression hold for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.channels.base import Receipt
from engage.channels.email.inbound.reports import Report, Reported
from engage.keys import address_key
from engage.messages.copies import load_copied
from engage.messages.receipts import record_receipts

SOURCE = "dsn"  # what the receipts and the suppressions are told by


def record_report(session: Session, report: Report, message: Any, *, key: str, at: datetime, now: datetime) -> int:
    """Writes what is reported of a message of ours; a bounce stops the address only where the mail went to it."""
    known = _known_addresses(session, message)
    receipts = [
        made
        for number, one in enumerate(report.about, 1)
        if (made := _receipt(one, message, known, f"{key}:{number}", at)) is not None
    ]
    return record_receipts(session, receipts, now=now)


def _known_addresses(session: Session, message: Any) -> dict[str, str]:
    """Everybody's address that the mail went to, by its key."""
    copies = load_copied(session, message.cc).values()
    addresses = [message.address, *(one.email for one in copies)]
    return {address_key(one): one for one in addresses if one}


def _receipt(one: Reported, message: Any, known: Mapping[str, str], key: str, at: datetime) -> Receipt | None:
    address = next((known[address_key(said)] for said in one.addresses if address_key(said) in known), None)
    kind = one.kind
    if address is None and message.cc:
        if kind == "complained":
            return None  # of several readers one complains, and nobody says who
        address = next(iter(one.addresses), None)
    if address is None or address_key(address) not in known:
        kind = "dropped" if kind == "bounced" else kind  # somewhere behind the address, not at it
    return Receipt(
        provider=SOURCE,
        natural_key=key,
        message_id=message.public_id,
        kind=kind,
        at=at,
        reason=one.reason[:500] or None,
        address=address,
        raw={"addresses": list(one.addresses), "reason": one.reason},
    )
