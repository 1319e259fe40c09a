"""Messages that may or may not have left: what is in doubt, what the written rule does next, and a person's word."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, or_, select, text, update
from sqlalchemy.orm import Session

from engage.db.session import nudge
from engage.errors import ConflictError, InputError, NotFoundError
from engage.language.vocabulary import Vocabulary
from engage.messages import status
from engage.messages.ledger_statements import NOT_BEGUN
from engage.messages.news import tell
from engage.messages.tables import Attempt, Message
from engage.staff.audit import record

LISTED_AFTER = timedelta(hours=2)
SENT_AGAIN_AFTER = timedelta(minutes=15)  # what must arrive: so long a receipt may take to end the doubt
MOST_ATTEMPTS = 3  # of what must arrive; after that a person is asked about it, too

# A person's word → what becomes of the message, and what its last attempt is known to have been.
VERDICTS: Final = {
    "accepted": (status.ACCEPTED, "accepted"),
    "not-sent": (status.QUEUED, "not_sent"),
    "give-up": (status.CANCELLED, "unknown"),
}
_TELL_LATER: Final = frozenset({"sendgrid"})  # whose receipts carry our id; SMTP has none
# Spelled out as in the partial indexes: SQLite uses one only where the statement repeats its words.
_UNKNOWN, _IN_HAND = text("messages.state = 'unknown'"), text("messages.state = 'sending'")
_LAST = and_(Attempt.message_id == Message.id, Attempt.number == Message.fence)
_DOUBT = (
    select(
        Message.public_id,
        Message.address,
        Message.playbook_key,
        Message.step_id,
        Message.topic,
        Message.state,
        Message.reason,
        Attempt.number.label("attempt"),
        Attempt.provider,
        Attempt.started_at,
    )
    .join(Attempt, _LAST)
    .order_by(Attempt.started_at, Message.id)
)


def list_unknowns(session: Session, *, now: datetime, older_than: timedelta = LISTED_AFTER) -> Sequence[Any]:
    """Messages in doubt whose last attempt began so long ago, the oldest first."""
    return session.execute(_DOUBT.where(_UNKNOWN, Attempt.started_at <= now - older_than)).all()


def send_critical_again(session: Session, vocabulary: Vocabulary, *, now: datetime) -> int:
    """Queues what must arrive and has been in doubt for a while once more, under the same id; how many."""
    asked = select(Message.id).join(Attempt, _LAST).where(_UNKNOWN, Message.fence < MOST_ATTEMPTS)
    asked = asked.where(Message.topic.in_(vocabulary.critical_topics), Attempt.started_at <= now - SENT_AGAIN_AFTER)
    ids = (
        list(session.scalars(asked.with_for_update(of=Message, skip_locked=True))) if vocabulary.critical_topics else []
    )
    if not ids:
        return 0
    last = select(Message.fence).where(Message.id == Attempt.message_id).scalar_subquery()
    again = update(Attempt).where(Attempt.message_id.in_(ids), Attempt.number == last)
    session.execute(again.values(outcome="sent_again", ended_at=now))
    queued = update(Message).where(Message.id.in_(ids))
    session.execute(queued.values(state=status.QUEUED, due_at=now, reason="in doubt, and sent again: it must arrive"))
    nudge(session, "deliver")
    return len(ids)


def list_doubts(session: Session, *, now: datetime, critical: Collection[str] = ()) -> list[dict[str, Any]]:
    """All that is in doubt now, the oldest first, each with what the written rule does next.

    `critical` are the topics whose mails are sent again.
    """
    found: list[Any] = [*session.execute(_DOUBT.where(_UNKNOWN)).all()]
    found += session.execute(_DOUBT.where(_IN_HAND, Message.lease_until <= now, ~NOT_BEGUN)).all()
    rows = [dict(row._mapping) for row in sorted(found, key=lambda row: row.started_at)]
    return [row | {"next": _next(row, now, critical)} for row in rows]


def resolve(
    session: Session, public_id: str, verdict: str, *, by: str, why: str, now: datetime, attempt: int | None = None
) -> str:
    """Ends a doubt by a person's word, with an audit entry; returns the message's new state.

    `attempt` says which hand-over the person looked at: a word on one is never taken for a word on a later one.
    """
    if not why.strip():
        raise InputError("say how you know: whoever looks at the ledger later asks the same", code="no_reason")
    state, outcome = VERDICTS[verdict]
    doubt = [Message.public_id == public_id, Message.state == status.UNKNOWN]
    if attempt is not None:
        doubt.append(Message.fence == attempt)
    moved = session.execute(
        update(Message).where(*doubt).values(_changes(state, now)).returning(*Message.__table__.c)
    ).all()
    if not moved:
        raise _refusal(session, public_id, attempt)
    (row,) = moved
    _end_attempt(session, row, outcome, f"{by}: {why.strip()}", now)
    detail = {"verdict": verdict, "state": state, "attempt": row.fence, "why": why.strip()}
    record(
        session, actor=by, action="message.resolved", object_kind="message", object_id=public_id, now=now, detail=detail
    )
    if state != status.QUEUED:
        tell(session, state, moved, now=now)
    return state


def _end_attempt(session: Session, row: Any, outcome: str, said: str, now: datetime) -> None:
    """What the person knows of the hand-over; so none that may have succeeded stands beside a new one."""
    asked = update(Attempt).where(Attempt.message_id == row.id, Attempt.number == row.fence)
    asked = asked.where(or_(Attempt.outcome.is_(None), Attempt.outcome == "unknown"))
    session.execute(asked.values(outcome=outcome, ended_at=now, detail=said[:500]))


def _next(row: dict[str, Any], now: datetime, critical: Collection[str]) -> str:
    if row["state"] == status.SENDING:
        return "its worker is gone: the sweep asks the provider, else it becomes unknown"
    if row["topic"] in critical and row["attempt"] < MOST_ATTEMPTS:
        again_at = row["started_at"] + SENT_AGAIN_AFTER
        return f"it must arrive: without a receipt it is sent again {again_at:%H:%M} UTC, under the same Message-ID"
    if row["provider"].partition("-")[0] not in _TELL_LATER:  # a second account is called sendgrid-2
        return f"held: {row['provider']} confirms nothing later; a bounce that comes would end it, else only a person"
    listed_at = row["started_at"] + LISTED_AFTER
    if now < listed_at:
        return f"held: a receipt from {row['provider']} ends it; without one a person is asked {listed_at:%H:%M} UTC"
    return f"held: a person is asked; a receipt from {row['provider']} that still comes ends it, too"


def _changes(state: str, now: datetime) -> dict[str, Any]:
    if state == status.QUEUED:
        return {"state": state, "due_at": now, "reason": "a person saw that it had not been sent"}
    ended = {"state": state, "ended_at": now, "due_at": None}
    if state == status.ACCEPTED:
        return {**ended, "accepted_at": now, "reason": None}
    return {**ended, "reason": "given up by a person"}


def _refusal(session: Session, public_id: str, attempt: int | None) -> NotFoundError | ConflictError:
    row = session.execute(select(Message.state, Message.fence).where(Message.public_id == public_id)).first()
    if row is None:
        return NotFoundError("there is no such message", where=public_id, hint="engage messages unknowns")
    if row.state == status.UNKNOWN:
        said = f"attempt {attempt} is over: it is attempt {row.fence} that is in doubt now"
        return ConflictError(said, where=public_id, hint="engage messages show, then say it of that one")
    return ConflictError(f"the message is {row.state}, there is nothing to resolve", where=public_id)
