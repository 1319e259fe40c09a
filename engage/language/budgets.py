"""`_shared/budgets.yaml`: how much one may hear from us, over all playbooks, people and channels."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engage.language.durations import Duration
from engage.language.selecting import Selection
from engage.language.words import EventName, ExactLength, Words

Priority = Literal["low", "normal", "high"]
Loser = Literal["defer", "merge", "drop"]


class Cap(Words):
    """So many in any stretch of time that long: a window that rolls, not a calendar week."""

    at_most: int = Field(ge=1, le=1000, description="how many touches")
    within: ExactLength = Field(description="in any stretch of this length")


class WhenShort(Words):
    """What becomes of a message that finds the budget used up, by the priority of its playbook."""

    high: Loser = Field(
        default="defer",
        description="defer: sent at the next free instant; drop: skipped; merge: deferred, but its `merged.html` "
        "travels in a mail that goes to the same person before",
    )
    normal: Loser = Field(default="defer", description="the same for normal priority")
    low: Loser = Field(default="defer", description="the same for low priority")

    def of(self, priority: Priority) -> Loser:
        """What becomes of a message of that priority."""
        found: Loser = getattr(self, priority)
        return found

    def merges(self) -> bool:
        """Whether messages of some priority travel in others."""
        return "merge" in (self.high, self.normal, self.low)


class Budgets(Words):
    """Caps for each person and each account; the higher priority wins where they are short."""

    contact: Cap | None = Field(default=None, description="for each person, or those who share an address")
    mails: Cap | None = Field(
        default=None, description="for the mails alone to each person: what finds no room here is never dropped"
    )
    account: Cap | None = Field(
        default=None, description="for each customer; one step of a playbook is one touch, however many it reaches"
    )
    human_touches: tuple[EventName, ...] = Field(
        default=(), description="events that say a colleague called, met or wrote: they count, too"
    )
    exempt: Selection = Field(default=Selection(), description="messages that go all the same; they count, too")
    when_short: WhenShort = Field(default=WhenShort(), description="what becomes of the losers, by priority")
    give_up_after: ExactLength = Field(
        default=Duration(14, "days"),
        description="a message that would be older than this is not deferred but skipped",
        validate_default=True,
    )

    @property
    def caps(self) -> tuple[Cap, ...]:
        """Those that are declared."""
        return tuple(cap for cap in (self.contact, self.mails, self.account) if cap is not None)

    def limits(self, *, topic: str, purpose: str, playbook: str | None) -> bool:
        """Whether such a message has to find room."""
        return bool(self.caps) and not self.exempt.takes(topic=topic, purpose=purpose, playbook=playbook)
