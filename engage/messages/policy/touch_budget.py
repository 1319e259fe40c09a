"""Nobody hears from us more often than the team has declared: losers are deferred, merged or dropped."""

from __future__ import annotations

from datetime import datetime

from engage.messages.policy.candidate import Candidate
from engage.messages.policy.sending_hours import departure
from engage.messages.policy.verdicts import Allow, Hold, Merge, Reason, Skip, Verdict


def check(candidate: Candidate, now: datetime) -> Verdict:
    """Holds until there is room and the window is open; merges or skips by rule, or what would be too old."""
    slot = candidate.slot
    if slot is None or slot.at <= now:
        return Allow()
    if slot.carrier is not None:
        detail = {"budget": slot.told, "carrier": slot.carrier.playbook}
        return Merge(slot.carrier.message_id, Reason.MERGED, about=slot.carrier.public_id, detail=detail)
    leaves = departure(candidate, slot.at)
    is_late = leaves > candidate.created_at + slot.give_up_after
    if slot.loser == "drop" or is_late:
        return Skip(Reason.BUDGET_USED_UP, about=slot.of, detail={"budget": slot.told})
    return Hold(leaves, Reason.BUDGET_USED_UP, about=slot.of, detail={"budget": slot.told})
