"""An address that bounced, complained or was taken off by hand gets no mail, whoever it belongs to."""

from __future__ import annotations

from datetime import datetime

from engage.messages.policy.candidate import Candidate
from engage.messages.policy.verdicts import Allow, Reason, Skip, Verdict

EVERYTHING = "*"


def check(candidate: Candidate, now: datetime) -> Verdict:
    """Skips mail to a suppressed address; a topic stopped there stops all but what the contract needs."""
    if candidate.channel != "email":
        return Allow()
    if not candidate.address:
        return Skip(Reason.NO_ADDRESS)
    if EVERYTHING in candidate.suppressions:
        return Skip(Reason.SUPPRESSED)
    if candidate.topic in candidate.suppressions and candidate.purpose != "transactional":
        return Skip(Reason.TOPIC_STOPPED)
    return Allow()
