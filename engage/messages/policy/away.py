"""Whoever is away gets their mail when they are back, where they have told until when; what the contract needs goes."""

from __future__ import annotations

from datetime import datetime, timedelta

from engage.calendars.zones import start_of
from engage.messages.policy.candidate import Candidate
from engage.messages.policy.verdicts import Allow, Hold, Reason, Verdict


def check(candidate: Candidate, now: datetime) -> Verdict:
    """Holds mail until the day after the reader's last day away; their sending hours come after that."""
    is_bound = candidate.channel == "email" and candidate.phase == "send" and candidate.purpose != "transactional"
    if not is_bound or candidate.away_until is None:
        return Allow()
    back = start_of(candidate.away_until + timedelta(days=1), candidate.zone)
    return Allow() if back <= now else Hold(back, Reason.AWAY)
