"""Where the contract says `partner_only`, the partner alone speaks with the customer about it."""

from __future__ import annotations

from datetime import datetime

from engage.messages.policy.candidate import Candidate
from engage.messages.policy.verdicts import Allow, Reason, Skip, Verdict

CONTRACT = "contract"
PARTNER = "partner"


def is_partners_business(contact_policy: str | None, topic: str | None) -> bool:
    """Whether a message on that topic goes to the partner, and to nobody else."""
    return contact_policy == "partner_only" and topic == CONTRACT


def check(candidate: Candidate, now: datetime) -> Verdict:
    """Skips what would reach the customer past their partner; the step asks the next reader."""
    return Skip(Reason.PAST_PARTNER) if candidate.is_past_partner else Allow()
