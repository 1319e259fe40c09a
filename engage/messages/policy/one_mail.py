"""Who belongs to several customers gets a step's mail once, not once for each of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from engage.messages.policy.candidate import Candidate
from engage.messages.policy.verdicts import Allow, Reason, Skip, Verdict

WITHIN = timedelta(days=3)
"""Mails of one step to one address for different customers are one occasion when they are drafted this close."""


def check(candidate: Candidate, now: datetime) -> Verdict:
    """Skips what the same address gets from the same step already, for another customer."""
    return Skip(Reason.SAME_PERSON) if candidate.twin is not None else Allow()
