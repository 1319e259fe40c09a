"""A message whose journey was ended early is not sent; one whose journey ran to its end still is."""

from __future__ import annotations

from datetime import datetime

from engage.messages.policy.candidate import Candidate
from engage.messages.policy.verdicts import Allow, Reason, Skip, Verdict

ENDED_EARLY = frozenset({"exited", "skipped"})


def check(candidate: Candidate, now: datetime) -> Verdict:
    """Skips what belongs to a journey that its subject has left."""
    return Skip(Reason.EXITED) if candidate.journey_state in ENDED_EARLY else Allow()
