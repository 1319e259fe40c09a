"""The ordered list every message to a customer passes; the first that does not allow decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from engage.messages.policy import consent, lifecycle, sending_hours, still_relevant, suppression
from engage.messages.policy.candidate import Candidate
from engage.messages.policy.verdicts import Allow, Verdict

Policy = Callable[[Candidate, datetime], Verdict]

POLICIES: tuple[tuple[str, Policy], ...] = (
    ("still_relevant", still_relevant.check),
    ("lifecycle", lifecycle.check),
    ("suppression", suppression.check),
    ("consent", consent.check),
    ("sending_hours", sending_hours.check),
)


def judge(candidate: Candidate, now: datetime) -> tuple[str | None, Verdict]:
    """The first policy that does not allow, and its answer; no policy and `Allow` when all do."""
    for name, check in POLICIES:
        verdict = check(candidate, now)
        if not isinstance(verdict, Allow):
            return name, verdict
    return None, Allow()
