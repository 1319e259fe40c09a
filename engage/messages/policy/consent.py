"""Advertising needs a yes, what belongs to the relationship needs the absence of a no, the contract's own mail neither.

Consent speaks about mail: somebody who wants none may still be told inside the product.
"""

from __future__ import annotations

from datetime import datetime

from engage.messages.policy.candidate import Candidate
from engage.messages.policy.suppression import EVERYTHING
from engage.messages.policy.verdicts import Allow, Reason, Skip, Verdict


def check(candidate: Candidate, now: datetime) -> Verdict:
    """Skips mail that its topic and purpose do not permit to this person."""
    if candidate.channel != "email" or candidate.purpose == "transactional":
        return Allow()
    said = candidate.consents.get(candidate.topic) or candidate.consents.get(EVERYTHING)
    if said == "withdrawn":
        return Skip(Reason.OPTED_OUT)
    if candidate.purpose == "promotional" and said != "granted":
        return Skip(Reason.NO_CONSENT)
    return Allow()
