"""What kind of mail it is and what it says: a report, a robot's answer, a colleague's mail, or a customer's reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.channels.email.inbound.arrived import Arrived
from engage.channels.email.inbound.automatic import Automatic, read_automatic
from engage.channels.email.inbound.letter import Letter
from engage.channels.email.inbound.reports import Report, read_report
from engage.ids import ids_in
from engage.keys import address_key
from engage.messages.inbound.bounding import is_flood
from engage.messages.inbound.matching import NO_MATCH, Match, find_message, match
from engage.staff.people import find_by_email

REPLY, AUTO_REPLY, BOUNCE, OTHER = "reply", "auto_reply", "bounce", "other"


@dataclass(frozen=True, slots=True)
class Understood:
    """A mail's kind, what it means, whom and what it is about."""

    kind: str
    match: Match = NO_MATCH
    meaning: str | None = None
    findings: Mapping[str, Any] = field(default_factory=dict)
    report: Report | None = None
    automatic: Automatic | None = None


def understand(session: Session, letter: Letter, arrived: Arrived, *, now: datetime) -> Understood:
    """Reads and matches; writes nothing."""
    if ids_in(letter.header("X-Engage-Message"), "msg"):
        return Understood(OTHER, meaning="ours")  # our own mail, as a copy of it came back to us
    report = read_report(letter, envelope_from=arrived.envelope_from)
    about = _of_report(session, letter, arrived, report) if report is not None else None
    if report is not None and about is not None:
        found = Match("id", about, about.contact_id, about.account_id)
        return Understood(BOUNCE, found, report.about[0].kind, _told(report), report=report)
    key = address_key(letter.sender[1])
    if is_flood(session, key, now=now):
        return Understood(OTHER, meaning="flood")
    if report is not None:
        return Understood(BOUNCE, meaning="unmatched", findings=_told(report), report=report)
    found = match(session, letter, arrived.envelope_to)
    automatic = read_automatic(letter, envelope_from=arrived.envelope_from, received_on=now.date())
    if automatic is not None:
        return Understood(AUTO_REPLY, found, str(automatic.meaning), _findings(automatic), automatic=automatic)
    if find_by_email(session, key) is not None:
        return Understood(OTHER, found, "colleague")
    return Understood(OTHER, meaning="unmatched") if found.by is None else Understood(REPLY, found)


def _of_report(session: Session, letter: Letter, arrived: Arrived, report: Report) -> Any:
    """A report is about the message that it returns, or the one whose bounces go to the address that it came to."""
    named = (*arrived.envelope_to, *(address for _, address in letter.to))
    return find_message(session, [report.message_id] if report.message_id else ids_in(" ".join(named), "msg"))


def _told(report: Report) -> dict[str, Any]:
    return {
        "about": [{"kind": one.kind, "addresses": list(one.addresses), "reason": one.reason} for one in report.about]
    }


def _findings(automatic: Automatic) -> dict[str, Any]:
    said = {
        "sign": automatic.sign,
        "away_until": automatic.away_until.isoformat() if automatic.away_until else None,
        "successor_name": automatic.successor.name or None,
        "successor_address": automatic.successor.address or None,
        "evidence": automatic.evidence or None,
    }
    return {name: value for name, value in said.items() if value is not None}
