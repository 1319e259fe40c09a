"""The sweep: hand-overs whose process died are settled by evidence, or become `unknown`; never sent again blindly."""

from __future__ import annotations

import logging
from typing import Any

from engage.channels.base import Accepted, EmailChannel, NotSent, Outcome, Unknown
from engage.channels.email.routing.routes import routes_of
from engage.clock import Clock
from engage.db.session import Database
from engage.messages.ledger import Handover, close_expired, expired, finish
from engage.messages.travelling import follow_carriers

log = logging.getLogger(__name__)

_MOST = 500
_IN_DOUBT = "the process died while it handed the message over"
_NOT_BEGUN = "the process died before this message's turn had come"


def sweep(database: Database, channel: EmailChannel, clock: Clock) -> int:
    """Settles expired hand-overs; asks the provider with no session open; returns how many it settled."""
    now = clock.now()
    with database.transaction() as session:
        follow_carriers(session, now=now)
        close_expired(session, now=now)
    with database.reading() as session:
        rows = expired(session, limit=_MOST, now=now)
    if not rows:
        return 0
    ended = [(Handover(row, row.fence, row.address, row.sha), _judge(channel, row)) for row in rows]
    with database.transaction() as session:
        finish(session, ended, now=clock.now())
    for handover, outcome in ended:
        extra = {"message_id": handover.row.public_id, "outcome": type(outcome).__name__}
        log.warning("a hand-over had no end", extra=extra)
    return len(rows)


def _judge(channel: EmailChannel, row: Any) -> Outcome:
    """What the provider that was asked can tell; without its word the outcome stays in doubt."""
    if row.not_begun:
        return NotSent(_NOT_BEGUN, retry_after=0)
    evidence: Accepted | NotSent | None = None
    if row.delivery != "none":
        evidence = Accepted()  # a receipt has come
    elif (asked := routes_of(channel).named(row.provider or "")) is not None:
        evidence = asked.evidence(row.public_id)
    return evidence or Unknown(_IN_DOUBT)
