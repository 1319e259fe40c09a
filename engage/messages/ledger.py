"""The send ledger: who may hand a message over, that it was tried, and how it ended; all in bulk and fenced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Table, and_, insert, select, text, update
from sqlalchemy.orm import Session

from engage.channels.base import Accepted, Declined, NotSent, Outcome, Rejected, Throttled, Unknown
from engage.channels.email.routing.routes import ELSEWHERE
from engage.db.session import dialect_of
from engage.db.sets import one_of
from engage.messages import ledger_statements as statements
from engage.messages import status
from engage.messages.dead_addresses import stop_dead
from engage.messages.news import tell
from engage.messages.tables import Attempt, HandoverBatch, Message

LEASE = timedelta(seconds=60)

_messages: Table = Message.__table__  # type: ignore[assignment]
_attempts: Table = Attempt.__table__  # type: ignore[assignment]
_batches: Table = HandoverBatch.__table__  # type: ignore[assignment]

_IN_HAND = text("messages.state = 'sending'")


@dataclass(frozen=True, slots=True)
class Handover:
    """One message on its way: the row as claimed, where it goes, and what it says."""

    row: Row[Any]
    fence: int  # the number of this attempt
    address: str | None
    sha: str | None
    mail_id: str | None = None  # its Message-ID
    domain: str | None = None  # in whose name it is sent
    elsewhere_at: datetime | None = None  # when another provider may take it; None: there is no other


def claim(session: Session, *, limit: int, now: datetime, mail: bool = True) -> list[Row[Any]]:
    """Locks up to so many due messages that nobody else holds, the longest due first; without mail, the others only."""
    due = statements.DUE if mail else statements.DUE_BESIDE_MAIL
    return list(session.execute(due, {"now": now, "most": limit}).all())


def declined(session: Session, rows: Sequence[Row[Any]]) -> dict[int, frozenset[str]]:
    """Which providers have declined which of these messages; no statement where none was handed over before."""
    again = [row.id for row in rows if row.fence]
    if not again:
        return {}
    found: dict[int, set[str]] = defaultdict(set)
    asked = select(_attempts.c.message_id, _attempts.c.provider).where(one_of(_attempts.c.message_id, again))
    for message_id, provider in session.execute(asked.where(_attempts.c.outcome == "declined")):
        found[message_id].add(provider)
    return {message_id: frozenset(names) for message_id, names in found.items()}


def postpone(session: Session, until: Mapping[int, datetime | None]) -> None:
    """Has claimed messages wait for another time; what kept them so far stays said."""
    rows: list[dict[str, Any]] = [{"id": key, "due_at": instant} for key, instant in until.items() if instant]
    if rows:
        session.execute(update(Message), rows)


def start_attempts(
    session: Session, handovers: Sequence[Handover], *, provider: str, link_base: str, begun: int, now: datetime
) -> int:
    """Notes, before any call, that these messages are being handed over, so many at once; the batch they are."""
    batch: int = session.execute(
        insert(_batches).values(begun=begun, closed=False, made_at=now).returning(_batches.c.id)
    ).scalar_one()
    said = {"provider": provider, "link_base": link_base, "now": now, "until": now + LEASE, "batch": batch}
    for statement in statements.start(dialect_of(session)):
        session.execute(statement, {**_started(handovers), **said})
    return batch


def begin_more(session: Session, batch: int, up_to: int, *, provider: str, now: datetime) -> bool:
    """Notes, before any call, that a batch's attempts before this place begin.

    False where it was given up for dead, or where the provider rests by now, whoever found that out.
    """
    said = {"batch": batch, "up_to": up_to, "provider": provider, "now": now}
    return bool(session.execute(statements.BEGIN, said).rowcount)  # type: ignore[attr-defined]


def close_expired(session: Session, *, now: datetime) -> None:
    """Lets nothing more of a batch begin whose lease has run out: its process may be asleep, not dead."""
    attempted = and_(_attempts.c.message_id == _messages.c.id, _attempts.c.number == _messages.c.fence)
    expired = select(_attempts.c.batch_id).join(_messages, attempted).where(_IN_HAND, _messages.c.lease_until <= now)
    session.execute(
        update(_batches).where(_batches.c.closed.is_(False), _batches.c.id.in_(expired)).values(closed=True)
    )


def post_at_once(session: Session, handovers: Sequence[Handover], *, provider: str, now: datetime) -> None:
    """Ends messages whose delivery is a row of this very transaction: never in doubt."""
    dialect, rows = dialect_of(session), _started(handovers)
    session.execute(statements.end_at_once(dialect), {**rows, "now": now})
    session.execute(statements.begin_attempts(dialect), {**rows, "provider": provider, "now": now, "batch": None})
    session.execute(statements.end_attempts(dialect), _ended([(h, Accepted()) for h in handovers], now))
    tell(session, "accepted", [h.row for h in handovers if h.row.wakes], now=now)


def finish(session: Session, ended: Sequence[tuple[Handover, Outcome]], *, now: datetime) -> None:
    """Writes how hand-overs ended; a message whose fence has moved on, or whose end is known, keeps what it has."""
    values = _ended(ended, now)
    *others, last = statements.end(dialect_of(session))
    for statement in others:
        session.execute(statement, values)
    accepted = set(session.scalars(last, values))
    tell(session, "accepted", [h.row for h, _ in ended if h.row.wakes and h.row.id in accepted], now=now)
    _put_back(session, ended, now)
    for handover, outcome in ended:
        if isinstance(outcome, Rejected | Unknown) or _is_end(handover, outcome):
            _finish_otherwise(session, handover, outcome, now)
    stop_dead(session, (outcome for _, outcome in ended), now=now)


def expired(session: Session, *, limit: int, now: datetime) -> list[Row[Any]]:
    """Hand-overs whose lease has run out without an outcome: the provider asked, and whether it surely was not yet.

    None of a batch that is still open: its process could begin what goes back to the queue.
    """
    attempted = and_(_attempts.c.message_id == _messages.c.id, _attempts.c.number == _messages.c.fence)
    asked = select(_messages, _attempts.c.provider, statements.NOT_BEGUN.label("not_begun"))
    asked = asked.outerjoin(_attempts, attempted)
    is_open = select(_batches.c.id).where(_batches.c.id == _attempts.c.batch_id, _batches.c.closed.is_(False)).exists()
    return list(session.execute(asked.where(_IN_HAND, _messages.c.lease_until <= now, ~is_open).limit(limit)).all())


def hold(session: Session, message_id: int, *, until: datetime, reason: str) -> None:
    """Puts a claimed message back until an instant, with the reason."""
    held = update(_messages).where(_messages.c.id == message_id)
    session.execute(held.values(state=status.HELD, due_at=until, reason=reason[:500]))


def _ended(ended: Sequence[tuple[Handover, Outcome]], now: datetime) -> dict[str, Any]:
    return {**statements.given([_end_row(handover, outcome) for handover, outcome in ended]), "now": now}


def _end_row(handover: Handover, outcome: Outcome) -> dict[str, Any]:
    row = {"id": handover.row.id, "fence": handover.fence, "provider_id": None, "detail": None}
    match outcome:
        case Accepted(provider_id):
            return row | {"outcome": "accepted", "provider_id": provider_id}
        case Rejected(reason):
            return row | {"outcome": "rejected", "detail": reason}
        case NotSent(reason):
            return row | {"outcome": _word_for(outcome), "detail": reason}
        case Unknown(reason):
            return row | {"outcome": "unknown", "detail": reason}


def _put_back(session: Session, ended: Sequence[tuple[Handover, Outcome]], now: datetime) -> None:
    """What surely has not left waits again: a whole batch where the provider is down, so in bulk."""
    later: dict[datetime, list[dict[str, Any]]] = {}
    for handover, outcome in ended:
        if isinstance(outcome, NotSent) and not _is_end(handover, outcome):
            later.setdefault(_due_again(handover, outcome, now), []).append(_end_row(handover, outcome))
    for instant, rows in later.items():
        session.execute(statements.put_back(dialect_of(session)), {**statements.given(rows), "later": instant})


def _due_again(handover: Handover, outcome: NotSent, now: datetime) -> datetime:
    """When it is tried again: by another provider as soon as may be, where the reason was this one's own."""
    if handover.elsewhere_at is not None and isinstance(outcome, ELSEWHERE):
        return handover.elsewhere_at
    return now + timedelta(seconds=max(outcome.retry_after, 1.0))


def _is_end(handover: Handover, outcome: Outcome) -> bool:
    """Whether the provider will never take it, and there is no other to ask."""
    return isinstance(outcome, Declined) and outcome.is_final and handover.elsewhere_at is None


def _word_for(outcome: NotSent) -> str:
    match outcome:
        case Throttled():
            return "throttled"
        case Declined():
            return "declined"
    return "not_sent"


def _finish_otherwise(session: Session, handover: Handover, outcome: Outcome, now: datetime) -> None:
    messages = _messages.c
    end = update(_messages).where(messages.id == handover.row.id, messages.fence == handover.fence, statements.IN_DOUBT)
    match outcome:
        case Rejected(reason) | Declined(reason):
            end = end.values(state=status.REJECTED, reason=reason, ended_at=now, due_at=None, lease_until=None)
            tell(session, "rejected", session.execute(end.returning(_messages)).all(), now=now)
        case Unknown(reason):
            session.execute(end.values(state=status.UNKNOWN, reason=reason, lease_until=None))


def _started(handovers: Sequence[Handover]) -> dict[str, Any]:
    return statements.given([
        {"id": h.row.id, "fence": h.fence, "place": place, "sha": h.sha, "address": h.address,
         "mail_id": h.mail_id, "domain": h.domain}
        for place, h in enumerate(handovers)
    ])  # fmt: skip
