"""Everything the policies may look at: plain data, loaded in bulk, so that they stay pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from engage.calendars.business_days import BusinessCalendar
from engage.calendars.windows import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One message about to be asked for or sent, with its recipient as of now."""

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
    has_left: bool = False
    is_member: bool = True
    journey_state: str | None = None
    suppressions: Mapping[str, str] = field(default_factory=dict)
    consents: Mapping[str, str] = field(default_factory=dict)

    def inputs(self) -> dict[str, Any]:
        """What the answer rested on, to be kept beside it."""
        said = {
            "channel": self.channel,
            "topic": self.topic,
            "purpose": self.purpose,
            "account_phase": self.account_phase,
            "has_left": self.has_left,
            "is_member": self.is_member,
            "journey": self.journey_state,
            "suppressions": dict(self.suppressions),
            "consents": dict(self.consents),
            "zone": str(self.zone),
            "country": self.calendar.country,
        }
        return {name: value for name, value in said.items() if value not in (None, {})}
