"""A customer who has gone gets only what is meant for those; a person who has left that customer gets nothing."""

from __future__ import annotations

from datetime import datetime

from engage.messages.policy.candidate import Candidate
from engage.messages.policy.verdicts import Allow, Reason, Skip, Verdict


def check(candidate: Candidate, now: datetime) -> Verdict:
    """Skips what would reach a churned account or somebody who is not there any more."""
    if candidate.account_phase == "churned" and not candidate.to_former:
        return Skip(Reason.CHURNED)
    if candidate.has_left:
        return Skip(Reason.LEFT)
    if not candidate.is_member:
        return Skip(Reason.NOT_A_MEMBER)
    return Allow()
