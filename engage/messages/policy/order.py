"""The ordered list every message to a customer passes; the first that does not allow decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from engage.keys import address_key
from engage.messages.policy import (
    away,
    consent,
    gates,
    in_product,
    lifecycle,
    one_mail,
    past_partner,
    paused,
    sending_hours,
    still_relevant,
    suppression,
    touch_budget,
)
from engage.messages.policy.candidate import Candidate
from engage.messages.policy.verdicts import Allow, Reason, Skip, Verdict

Policy = Callable[[Candidate, datetime], Verdict]

POLICIES: tuple[tuple[str, Policy], ...] = (
    ("still_relevant", still_relevant.check),
    ("in_product", in_product.check),
    ("lifecycle", lifecycle.check),
    ("past_partner", past_partner.check),
    ("suppression", suppression.check),
    ("consent", consent.check),
    ("paused", paused.check),
    ("one_mail", one_mail.check),
    ("gates", gates.check),
    ("away", away.check),
    ("sending_hours", sending_hours.check),
    ("touch_budget", touch_budget.check),
)

# What speaks against a copy; when it leaves and whether it still matters is the addressee's business.
OF_COPIES: tuple[Policy, ...] = (lifecycle.check, past_partner.check, suppression.check, consent.check)


def judge(candidate: Candidate, now: datetime) -> tuple[str | None, Verdict]:
    """The first policy that does not allow, and its answer; no policy and `Allow` when all do."""
    for name, check in POLICIES:
        verdict = check(candidate, now)
        if not isinstance(verdict, Allow):
            return name, verdict
    return None, Allow()


def judge_copies(candidate: Candidate, now: datetime) -> list[tuple[Candidate, Reason | None]]:
    """Each copy, and why it is left out; one that may not go leaves the others and the mail itself alone."""
    taken = {address_key(candidate.address or "")}
    judged: list[tuple[Candidate, Reason | None]] = []
    for copy in candidate.copies:
        verdicts = (check(copy, now) for check in OF_COPIES)
        reason = next((verdict.reason for verdict in verdicts if isinstance(verdict, Skip)), None)
        if reason is None and address_key(copy.address or "") in taken:
            reason = Reason.SAME_ADDRESS
        taken.add(address_key(copy.address or ""))
        judged.append((copy, reason))
    return judged
