"""What the gate let through and a domain holds back all the same: one that is paused, slowed, or new and to be warmed.

The gate knows the reader; in whose name a mail goes is known only when it is made. Where nothing holds mail back this
asks nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from engage.channels.email.routing.brakes import Allowance, Brakes, left_in, take
from engage.channels.email.routing.routes import LOOK_AGAIN, Routes
from engage.channels.email.routing.warm_up import WarmUp
from engage.db.bulk import insert_ignore
from engage.messages.envelope import Correspondents, domain_of
from engage.messages.policy.verdicts import Hold, Reason
from engage.messages.tables import GateCheck

SLOWLY: Final = Allowance(10, timedelta(minutes=10))  # what a domain gets whose servers put much off
POLICIES: Final = {
    Reason.DOMAIN_PAUSED: "sending_domain",
    Reason.DOMAIN_SLOWED: "recipients_domain",
    Reason.WARM_UP: "warm_up",
}


def hold_back(
    session: Session, rows: Sequence[Any], people: Correspondents, routes: Routes, brakes: Brakes, *, now: datetime
) -> dict[int, Hold]:
    """Which of these mails wait, for what, and until when; each answer is kept beside the gate's."""
    paused, slowed = brakes.stopping("sender", now), brakes.stopping("recipient", now)
    if not (paused or slowed or routes.warm_up):
        return {}
    desk = _Desk(session, brakes, now)
    going: dict[str, list[Any]] = defaultdict(list)
    slow: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        domain, recipient = people.sending_domain(row), domain_of(people.address(row))
        if domain in paused:
            desk.hold([row], now + LOOK_AGAIN, Reason.DOMAIN_PAUSED, domain)
        elif recipient in slowed:
            slow[recipient].append(row)
        elif domain is not None and domain in routes.warm_up:
            going[domain].append(row)
    # Always in this order, so that two workers never wait for each other.
    for recipient in sorted(slow):
        desk.slow_down(recipient, slow[recipient])
    for domain in sorted(going):
        desk.warm_up(domain, routes.warm_up[domain], going[domain])
    insert_ignore(session, GateCheck, [_check_row(message_id, hold, now) for message_id, hold in desk.held.items()])
    return desk.held


@dataclass(slots=True)
class _Desk:
    """Where a window's mails are counted against what their domains may have."""

    session: Session
    brakes: Brakes
    now: datetime
    held: dict[int, Hold] = field(default_factory=dict)

    def hold(self, rows: Sequence[Any], until: datetime, reason: Reason, domain: str) -> None:
        for row in rows:
            self.held[row.id] = Hold(until, reason, about=domain, detail={"domain": domain})

    def slow_down(self, recipient: str, rows: Sequence[Any]) -> None:
        """The first few go, the others in the next window."""
        window = SLOWLY.window_of(self.now)
        some = self._take("recipient", recipient, window, SLOWLY.at_most, len(rows))
        self.hold(rows[some:], window + SLOWLY.per, Reason.DOMAIN_SLOWED, recipient)

    def warm_up(self, domain: str, warm_up: WarmUp, rows: Sequence[Any]) -> None:
        """What fits into today's cap goes, the rest tomorrow."""
        at_most = warm_up.at_most(self.now)
        if at_most is not None:
            some = self._take("sender", domain, warm_up.today(self.now), at_most, len(rows))
            self.hold(rows[some:], warm_up.tomorrow(self.now), Reason.WARM_UP, domain)

    def _take(self, kind: Any, name: str, window: datetime, at_most: int, wanted: int) -> int:
        if not left_in(self.brakes.of(kind, name), window, at_most):
            return 0  # as it was read; nobody gives back
        return take(self.session, kind, name, window=window, at_most=at_most, wanted=wanted)


def _check_row(message_id: int, hold: Hold, now: datetime) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "at": now,
        "phase": "send",
        "verdict": "hold",
        "policy": POLICIES[hold.reason],
        "reason": hold.said,
        "until": hold.until,
        "inputs": dict(hold.detail),
    }
