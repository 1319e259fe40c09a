"""A message of a paused playbook waits; what would end it for good is asked before."""

from __future__ import annotations

from datetime import datetime, timedelta

from engage.messages.policy.candidate import Candidate
from engage.messages.policy.verdicts import Allow, Hold, Reason, Verdict

LOOK_AGAIN = timedelta(days=1)  # the resume makes it due at once; until then a row a day says that it still waits


def check(candidate: Candidate, now: datetime) -> Verdict:
    """Holds the message for as long as its playbook is paused."""
    return Hold(now + LOOK_AGAIN, Reason.PAUSED) if candidate.is_paused else Allow()
