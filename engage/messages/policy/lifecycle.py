"""A customer who has gone gets nothing more, nor does a person who has left that customer."""

from __future__ import annotations

from datetime import datetime

from engage.messages.policy.candidate import Candidate
from engage.messages.policy.verdicts import Allow, Reason, Skip, Verdict


def check(candidate: Candidate, now: datetime) -> Verdict:
    """Skips what would reach a churned account or somebody who is not there any more."""
    if candidate.account_phase == "churned":
        return Skip(Reason.CHURNED)
    if candidate.has_left:
        return Skip(Reason.LEFT)
    if not candidate.is_member:
        return Skip(Reason.NOT_A_MEMBER)
    return Allow()
