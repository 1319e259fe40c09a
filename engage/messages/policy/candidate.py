"""Everything the policies may look at: plain data, loaded in bulk, so that they stay pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from engage.calendars.business_days import BusinessCalendar
from engage.calendars.windows import Window
from engage.language.budgets import Loser
from engage.language.gates import ReadGate

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class ConsentWord(NamedTuple):
    """The word that holds on a topic of mail: `granted` or `withdrawn`, when it was said, and what proves it."""

    state: str
    at: datetime
    basis: str = "consent"
    is_heard: bool = False  # from another system, not from the person
    record: str | None = None  # of the ledger of consent


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """When a message finds room in the budgets, and what becomes of it if that is not now."""

    at: datetime
    of: str  # which cap is used up: contact | mails | account
    loser: Loser
    give_up_after: timedelta
    told: Mapping[str, Any]
    carrier: Candidate | None = None  # the mail that leaves now and takes it along


@dataclass(slots=True, kw_only=True)  # not frozen: that would make each cost three times as much
class Candidate:
    """One message about to be asked for or sent, with its recipient as of now; nobody changes it."""

    message_id: int
    public_id: str
    channel: str
    topic: str
    purpose: str
    phase: str
    zone: tzinfo
    calendar: BusinessCalendar
    window: Window | None
    address: str | None
    account_phase: str | None = None
    to_former: bool = False  # the topic is meant for customers who have gone, too
    asks_twice: bool = False  # the topic wants a yes that was confirmed
    has_left: bool = False
    away_until: date | None = None  # the last day of the reader's absence
    is_member: bool = True
    is_past_partner: bool = False  # it is about a contract of which the partner alone speaks, to somebody else
    journey_state: str | None = None
    is_paused: bool = False  # the playbook it belongs to
    suppressions: Mapping[str, str] = field(default_factory=dict)
    consents: Mapping[str, ConsentWord] = field(default_factory=dict)
    twin: str | None = None  # the mail that the same person gets from the same step for another customer
    contact_id: int = 0
    contact: str = ""  # what our own people call the reader
    created_at: datetime = _LONG_AGO
    account_id: int | None = None
    playbook: str | None = None
    step: str = ""  # however many people it reaches, for a customer it is one touch
    locale: str = ""
    sender: int | None = None  # None: the team
    template: int = 0
    is_approved: bool = False  # somebody let go, or wrote, exactly these words
    gates: tuple[ReadGate, ...] = ()  # those that could stop such a message
    facts: Mapping[str, Any] = field(default_factory=dict)  # what their conditions ask
    slot: Slot | None = None  # None: no budget is declared, or it was not reckoned yet
    in_product: str | None = None  # seen | over: what the product has settled about it
    copies: tuple[Candidate, ...] = ()  # the same message, with what is known of each who gets a copy

    def inputs(self) -> dict[str, Any]:
        """What the answer rested on, to be kept beside it."""
        said = {
            "channel": self.channel,
            "topic": self.topic,
            "purpose": self.purpose,
            "account_phase": self.account_phase,
            "has_left": self.has_left,
            "away_until": str(self.away_until) if self.away_until else None,
            "is_member": self.is_member,
            "is_past_partner": self.is_past_partner or None,
            "journey": self.journey_state,
            "paused": self.is_paused or None,
            "suppressions": dict(self.suppressions),
            "consents": {topic: word.state for topic, word in self.consents.items()},
            "twin": self.twin,
            "in_product": self.in_product,
            "zone": str(self.zone),
            "country": self.calendar.country,
        }
        return {name: value for name, value in said.items() if value not in (None, {})}
