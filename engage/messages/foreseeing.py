"""What the gate would say now about a message that nobody has written yet: the same policies, nothing kept or held."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.customers.tables import Account, Contact
from engage.messages.candidates import candidates_of
from engage.messages.gate import judge_all, word_of
from engage.messages.policy.order import judge_copies
from engage.messages.policy.verdicts import Allow, Hold
from engage.messages.twins import twin_ahead
from engage.releases.library import Library
from engage.releases.tables import PausedPlaybook

_NEWEST = 2**62  # it comes after every message there is


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """A message as the ledger would hold it; named like its columns."""

    channel: str
    topic: str
    purpose: str
    hours: str
    contact_id: int
    account_id: int
    contract_id: int | None
    playbook_key: str
    step_id: str
    cc: tuple[int, ...]
    locale: str
    sender_staff_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the gate says: allow, hold, skip; which policy, why and until when; and each copy that is left out."""

    verdict: str
    policy: str | None = None
    reason: str | None = None
    until: str | None = None
    copies_left_out: tuple[tuple[str, str], ...] = ()


def foresee(session: Session, library: Library, message: Foreseen, *, now: datetime) -> Answer:
    """The answer of the gate of sending, if the message were due now."""
    row = _Row(message, session, now)
    (candidate,) = candidates_of(session, library, [row], phase="send", now=now)
    candidate = replace(candidate, twin=twin_ahead(session, library, row, now=now))
    policy, verdict = judge_all(session, library, [candidate], now=now, holding=False)[candidate.message_id]
    if isinstance(verdict, Allow):
        left_out = ((copy.address or copy.contact, why) for copy, why in judge_copies(candidate, now) if why)
        return Answer(verdict="allow", copies_left_out=tuple((who, str(why)) for who, why in left_out))
    until = verdict.until.isoformat() if isinstance(verdict, Hold) else None
    return Answer(verdict=word_of(verdict), policy=policy, reason=verdict.said, until=until)


class _Row:
    """The row that the gate would read: the message's own words, then its reader's and customer's."""

    def __init__(self, message: Foreseen, session: Session, now: datetime) -> None:
        reader, account = session.get_one(Contact, message.contact_id), session.get_one(Account, message.account_id)
        self._message = message
        self.id, self.public_id, self.created_at = _NEWEST, "preview", now
        self.step = f"{message.playbook_key}: {message.step_id}"
        self.template_version_id, self.is_approved, self.is_member = 0, True, True
        self.email, self.address_key, self.user_id = reader.email, reader.address_key, reader.external_id
        self.left_at, self.away_until = reader.left_at, reader.away_until
        self.contact_zone, self.account_zone = reader.time_zone, account.time_zone
        self.country, self.account_phase, self.journey_state = account.country, account.phase, None
        self.is_paused = session.get(PausedPlaybook, message.playbook_key) is not None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._message, name)
