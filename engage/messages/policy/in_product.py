"""What the product has settled: a mail to whoever did not see a message there, one whose day has passed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from engage.messages.policy.candidate import Candidate
from engage.messages.policy.verdicts import Allow, Reason, Skip, Verdict

SEEN: Final = "seen"  # its reader has seen in the product what the mail would say
OVER: Final = "over"  # the day until which it was to be shown is over

_REASONS = {SEEN: Reason.SEEN_IN_PRODUCT, OVER: Reason.SHOWING_OVER}


def check(candidate: Candidate, now: datetime) -> Verdict:
    """Skips a mail that came to be needless a moment before, and what nobody would be shown any more."""
    reason = _REASONS.get(candidate.in_product or "")
    return Skip(reason) if reason else Allow()
