"""What must hold of the send ledger at every moment, as ten SQL checks that run the same on SQLite and PostgreSQL.

Each statement returns the public ids of what breaks it, so no row is the good news. They are asked by `engage doctor`
and after every test of a database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.orm import Session

from engage.db.base import UtcDateTime
from engage.messages.ledger import LEASE

LATE = timedelta(hours=1)  # a due message that nobody took for so long, or a lease that nobody settled
SHOWN = 5
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_ANYTHING = text("SELECT 1 WHERE EXISTS (SELECT 1 FROM messages) OR EXISTS (SELECT 1 FROM receipts)")
_BOUNDS = ("lease_before", "due_before")


@dataclass(frozen=True, slots=True)
class Invariant:
    """One promise of the ledger: its number, its words, and the statement that returns the ids of what breaks it."""

    name: str
    words: str
    broken_by: str


@dataclass(frozen=True, slots=True)
class Breach:
    """An invariant that does not hold: how many rows break it, and the first few of them."""

    invariant: Invariant
    count: int
    ids: tuple[str, ...]


INVARIANTS: Final = (
    Invariant(
        "I1",
        "there is one message per run, step, visit, reader and channel",
        """
        SELECT m.public_id AS id FROM messages m JOIN (
            SELECT origin, origin_id, step_id, visit, contact_id, channel FROM messages
            GROUP BY origin, origin_id, step_id, visit, contact_id, channel HAVING count(*) > 1
        ) twice ON twice.origin = m.origin AND twice.origin_id = m.origin_id AND twice.step_id = m.step_id
            AND twice.visit = m.visit AND twice.contact_id = m.contact_id AND twice.channel = m.channel
        """,
    ),
    Invariant(
        "I2",
        "a message has at most one hand-over that may have succeeded, and none of that kind while it waits",
        """
        SELECT m.public_id AS id FROM messages m JOIN attempts a ON a.message_id = m.id
        WHERE a.outcome IS NULL OR a.outcome IN ('accepted', 'unknown')
        GROUP BY m.public_id, m.state
        HAVING count(*) > 1 OR m.state IN ('proposed', 'queued', 'held', 'merged')
        """,
    ),
    Invariant(
        "I3",
        "what has ended stays ended",
        """
        SELECT m.public_id AS id FROM messages m
        WHERE (m.state IN ('accepted', 'rejected', 'skipped', 'cancelled')) <> (m.ended_at IS NOT NULL)
            OR (m.state = 'accepted') <> (m.accepted_at IS NOT NULL)
            OR (m.ended_at IS NOT NULL AND (m.due_at IS NOT NULL OR m.lease_until IS NOT NULL))
        """,
    ),
    Invariant(
        "I4",
        "what is being handed over has an open attempt and a lease that has not long run out; nothing else has a lease",
        """
        SELECT m.public_id AS id FROM messages m
        LEFT JOIN attempts a ON a.message_id = m.id AND a.number = m.fence
        WHERE m.state IN ('sending', 'unknown')
            AND (a.id IS NULL OR a.outcome <> 'unknown')
            OR m.state = 'sending' AND (m.lease_until IS NULL OR m.lease_until < :lease_before)
            OR m.state <> 'sending' AND m.lease_until IS NOT NULL
        """,
    ),
    Invariant(
        "I5",
        "whatever waits is due at some time and is taken up when that time comes, unless its provider takes none",
        """
        SELECT m.public_id AS id FROM messages m
        WHERE m.state IN ('queued', 'held') AND (m.due_at IS NULL OR m.due_at < :due_before AND NOT (
                m.channel = 'email' AND EXISTS (
                    SELECT 1 FROM brakes b WHERE b.kind = 'provider' AND (
                        b.since IS NOT NULL AND (b.until IS NULL OR b.until > :due_before) OR b.window_at > :due_before
                    )
                )
            ))
            OR m.state = 'merged' AND m.carrier_id IS NULL
        """,
    ),
    Invariant(
        "I6",
        "nothing is handed over that the gate did not let through, that nobody approved, or that was stopped before",
        """
        SELECT m.public_id AS id FROM messages m JOIN attempts a ON a.message_id = m.id AND a.number = m.fence
        WHERE NOT EXISTS (
            SELECT 1 FROM gate_checks g
            WHERE g.message_id = m.id AND g.phase = 'send' AND g.verdict = 'allow' AND g.at = a.started_at
        )
        UNION
        SELECT m.public_id FROM approvals p JOIN messages m ON m.id = p.message_id
        WHERE m.fence > 0 AND m.state IN ('sending', 'accepted', 'rejected', 'unknown')
            AND (p.state <> 'approved' OR p.decided_at > m.ended_at)
        UNION
        SELECT m.public_id FROM suppressions s
        JOIN contacts c ON c.address_key = s.address_key
        JOIN messages m ON m.contact_id = c.id AND lower(trim(m.address)) = s.address_key
        WHERE m.fence > 0 AND m.state IN ('sending', 'accepted', 'rejected', 'unknown')
            AND m.channel = 'email' AND s.at < m.created_at
            AND (s.topic = '*' OR s.topic = m.topic AND m.purpose <> 'transactional')
            AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.provider = s.source)
        UNION
        SELECT m.public_id FROM enrolments e JOIN messages m ON m.origin = 'enrolment' AND m.origin_id = e.id
        WHERE e.state = 'exited' AND e.ended_at < m.created_at
        """,
    ),
    Invariant(
        "I7",
        "what was handed over is what was approved, to the last byte",
        """
        SELECT m.public_id AS id FROM messages m LEFT JOIN approvals p ON p.message_id = m.id AND p.state = 'approved'
        WHERE m.fence > 0 AND m.state IN ('sending', 'accepted', 'rejected', 'unknown')
            AND (m.sha IS NULL OR p.sha <> m.sha)
        """,
    ),
    Invariant(
        "I8",
        "what a message counts can be counted again: its attempts, and the receipt for what is known of its delivery",
        """
        SELECT m.public_id AS id FROM messages m
        WHERE m.fence <> (SELECT count(*) FROM attempts a WHERE a.message_id = m.id)
            OR m.delivery <> 'none' AND NOT EXISTS (
                SELECT 1 FROM receipts r WHERE r.message_id = m.id AND r.kind = m.delivery
            )
        """,
    ),
    Invariant(
        "I9",
        "each receipt of a provider is kept once",
        """
        SELECT provider || ' ' || natural_key AS id FROM receipts
        GROUP BY provider, natural_key HAVING count(*) > 1
        """,
    ),
    Invariant(
        "I10",
        "the number of a message's attempts only grows, so that a late word is known as late",
        """
        SELECT m.public_id AS id FROM messages m JOIN attempts a ON a.message_id = m.id
        LEFT JOIN attempts before ON before.message_id = a.message_id AND before.number >= a.number AND before.id < a.id
        WHERE a.number > m.fence OR before.id IS NOT NULL
        GROUP BY m.public_id
        """,
    ),
)


def breaches(session: Session, *, now: datetime | None = None) -> list[Breach]:
    """The invariants that do not hold, found in two round trips where all do; without `now` nobody is called late."""
    if session.scalar(_ANYTHING) is None:
        return []  # to plan ten statements takes PostgreSQL longer than to see that there is nothing to ask about
    bounds = {
        "lease_before": now - LEASE - LATE if now else _NEVER,
        "due_before": now - LATE if now else _NEVER,
    }
    broken = set(session.scalars(_WHICH, bounds))
    return [_breach(session, one, bounds) for one in INVARIANTS if one.name in broken]


def _breach(session: Session, invariant: Invariant, bounds: dict[str, datetime]) -> Breach:
    offending = f"SELECT DISTINCT id FROM ({invariant.broken_by}) broken"  # noqa: S608  made of constants
    first = f"SELECT id, count(*) OVER () AS total FROM ({offending}) x ORDER BY id LIMIT {SHOWN}"  # noqa: S608
    rows = session.execute(_timed(first), bounds).all()
    return Breach(invariant, rows[0].total if rows else 0, tuple(row.id for row in rows))


def _timed(statement: str) -> TextClause:
    """The statement, told the instants that it asks for."""
    asked = [name for name in _BOUNDS if f":{name}" in statement]
    return text(statement).bindparams(*(bindparam(name, type_=UtcDateTime()) for name in asked))


def _exists(one: Invariant) -> str:
    return f"SELECT '{one.name}' WHERE EXISTS (SELECT 1 FROM ({one.broken_by}) x)"  # noqa: S608  made of constants


_WHICH = _timed(" UNION ALL ".join(map(_exists, INVARIANTS)))
