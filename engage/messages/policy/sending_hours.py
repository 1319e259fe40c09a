"""Mail leaves in the hours its playbook names, on the open days and in the zone of the recipient."""

from __future__ import annotations

from datetime import datetime

from engage.calendars.windows import next_departure
from engage.messages.policy.candidate import Candidate
from engage.messages.policy.verdicts import Allow, Hold, Reason, Verdict


def check(candidate: Candidate, now: datetime) -> Verdict:
    """Holds mail until the window opens; asking a colleague for approval is not bound to it."""
    if candidate.channel != "email" or candidate.phase != "send":
        return Allow()
    leaves = departure(candidate, now)
    return Allow() if leaves <= now else Hold(leaves, Reason.CLOSED_HOURS)


def departure(candidate: Candidate, due: datetime) -> datetime:
    """When a message that is due then may leave."""
    if candidate.channel != "email":
        return due
    return next_departure(
        due, candidate.window, zone=candidate.zone, calendar=candidate.calendar, key=candidate.address or ""
    )
