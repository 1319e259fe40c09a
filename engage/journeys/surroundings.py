"""What every decision needs besides the customer's facts: the shared vocabulary, zones and open days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any

from engage.calendars.business_days import BusinessCalendar, calendar_of
from engage.calendars.spans import shift_instant
from engage.calendars.zones import first_zone
from engage.language.durations import Duration
from engage.language.vocabulary import Vocabulary
from engage.messages.orders import ApprovalRule

DEFAULT_APPROVAL = Duration(2, "business days")
DEFAULT_DUE = Duration(2, "business days")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a customer is: whose clock and whose open days count."""

    zone: tzinfo
    calendar: BusinessCalendar

    def after(self, instant: datetime, span: Duration) -> datetime:
        """The instant so much later (or earlier) there."""
        return shift_instant(instant, span.amount, span.unit, zone=self.zone, calendar=self.calendar)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The shared vocabulary as decisions need it."""

    vocabulary: Vocabulary
    _closures: dict[str, frozenset[date]] = field(default_factory=dict)
    rooms: dict[tuple[int, str], int] = field(default_factory=dict)  # of an approval, by version and touch model

    def place_of(self, facts: Mapping[str, Any]) -> Place:
        """The place of the account in these facts."""
        account = facts.get("account") or {}
        return self.place(account.get("time_zone"), account.get("country"))

    def place(self, time_zone: str | None, country: str | None) -> Place:
        """The place of a zone and a country."""
        code = (country or "").upper()
        if code not in self._closures:
            self._closures[code] = self.vocabulary.closures(code)
        zone = first_zone(time_zone, self.vocabulary.defaults.time_zone)
        return Place(zone, calendar_of(code or None, self._closures[code]))

    def approval_of(self, touch_model: str | None) -> tuple[str, ApprovalRule] | None:
        """Who approves messages to accounts of this touch model, and in which mode; None when nobody needs to."""
        model = self.vocabulary.touch_model(touch_model)
        if model.approve == "never":
            return None
        return model.approve, ApprovalRule(model.by, model.within or DEFAULT_APPROVAL)

    def is_in_order(self, facts: Mapping[str, Any]) -> bool:
        """Whether the account is in good standing, as its touch model says; where that says nothing, it is not."""
        standing = self.vocabulary.good_standings.get((facts.get("account") or {}).get("touch_model") or "")
        return standing is not None and standing.holds(facts)
