"""Conditions over a big base on PostgreSQL: what Engage compiles beside the same SQL written by hand."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engage.customers.conditions import Conditions
from engage.customers.moments import Moments
from engage.db.session import Database
from engage.language.expressions import parse_expression
from engage.language.vocabulary import FactDeclaration, Vocabulary
from engage.migrations.upgrading import upgrade

NOW = datetime(2027, 3, 31, 15, 30, tzinfo=UTC)
ROUNDS = 3
TRAITS = {"seats": "number", "plan": "text", "kickoff_held_on": "date", "dispute_open": "bool"}
TODAY = "(:now AT TIME ZONE coalesce(a.time_zone, 'Asia/Tokyo'))::date"
CURRENT = """JOIN contracts c ON c.account_id = a.id AND c.state = 'active' AND NOT EXISTS (
    SELECT 1 FROM contracts l WHERE l.account_id = c.account_id AND l.state = 'active'
    AND (l.starts_on, l.id) > (c.starts_on, c.id))"""
USED = """SELECT e.account_id, count(*) FILTER (WHERE e.occurred_at >= :now - interval '{days} days') AS lately,
    count(*) FILTER (WHERE e.occurred_at < :now - interval '{days} days') AS before
    FROM events e JOIN contacts k ON k.id = e.contact_id AND NOT k.is_staff
    WHERE e.type = 'track' AND e.source_id > 0 AND {what}
    AND e.occurred_at BETWEEN :now - interval '{span} days' AND :now GROUP BY e.account_id"""
REPORTS = USED.format(days=14, span=28, what="e.name = 'report.created'")
LATELY = USED.format(days=14, span=14, what="e.name = 'report.created'")

# What is asked, in the language and by hand.
CASES = (
    ('account.phase == "adoption" and account.segment in ["mid", "long_tail"]',
     "SELECT a.id FROM accounts a WHERE a.phase = 'adoption' AND a.segment IN ('mid', 'long_tail')"),
    ('account.seats >= 50 and account.plan == "gold" and account.dispute_open == false',
     "SELECT a.id FROM accounts a WHERE (a.traits->>'seats')::numeric >= 50 AND a.traits->>'plan' = 'gold'"
     " AND NOT (a.traits->>'dispute_open')::boolean"),
    ("days_since(account.kickoff_held_on) > 300",
     f"SELECT a.id FROM accounts a WHERE {TODAY} - (a.traits->>'kickoff_held_on')::date > 300"),
    ("days_until(contract.ends_on) <= 120 and contract.auto_renew == true",
     f"SELECT a.id FROM accounts a {CURRENT} WHERE c.ends_on - {TODAY} <= 120 AND c.auto_renew"),
    ('count("report.created", days=14) >= 3 and account.seats >= 50',
     f"SELECT a.id FROM accounts a JOIN ({LATELY}) u ON u.account_id = a.id"
     " WHERE NOT a.is_test AND u.lately >= 3 AND (a.traits->>'seats')::numeric >= 50"),
    ('count("report.created", days=14) < 0.5 * count_before("report.created", days=14)',
     f"SELECT a.id FROM accounts a JOIN ({REPORTS}) u ON u.account_id = a.id"
     " WHERE NOT a.is_test AND u.lately < 0.5 * u.before"),
)  # fmt: skip

# Every tenth account has a second contract, one in eight has somebody who uses the product.
DATA = (
    """INSERT INTO accounts (public_id, external_id, name, country, time_zone, segment, phase, is_test, traits,
        said_at, created_at, updated_at) SELECT 'acc_' || n, 'a' || n, 'Account ' || n, 'JP',
        (ARRAY['Asia/Tokyo', 'America/New_York', NULL, 'Europe/Berlin'])[n % 4 + 1],
        (ARRAY['enterprise', 'mid', 'long_tail'])[n % 3 + 1],
        (ARRAY['onboarding', 'adoption', 'renewal', 'churned'])[n % 4 + 1], n % 100 = 0,
        jsonb_build_object('seats', n % 200, 'plan', (ARRAY['free', 'gold', 'team'])[n % 3 + 1],
            'dispute_open', n % 50 = 0, 'kickoff_held_on', to_char(date '2026-01-01' + n % 400, 'YYYY-MM-DD'),
            'note', repeat('x', 40)), '{}', :now, :now
        FROM generate_series(1, :many) n""",
    """INSERT INTO contracts (public_id, external_id, account_id, name, starts_on, ends_on, state, auto_renew,
        contact_policy, traits, said_at, created_at, updated_at) SELECT 'ctr_' || n, 'c' || n, (n - 1) % :many + 1, '',
        date '2026-01-01' + n % 365, date '2027-01-01' + n % 365, CASE WHEN n % 7 = 0 THEN 'ended' ELSE 'active' END,
        n % 2 = 0, 'direct', '{}', '{}', :now, :now
        FROM generate_series(1, :many + :many / 10) n""",
    """INSERT INTO contacts (public_id, external_id, is_staff, is_shared_box, traits, said_at, created_at,
        updated_at) SELECT 'con_' || n, 'u' || n, n % 50 = 0, false, '{}', '{}', :now, :now
        FROM generate_series(1, :many / 2) n""",
    """INSERT INTO events (source_id, message_id, type, name, occurred_at, received_at, properties, context, contact_id,
        account_id, resolved_at) SELECT 1, 'm' || n, 'track',
        CASE WHEN n % 3 = 0 THEN 'login' ELSE 'report.created' END, :now - (n / 7 % 60) * interval '11 hours', :now,
        '{}', '{}', n % (:many / 8) + 1, n % (:many / 8) + 1, :now
        FROM generate_series(1, :many) n""",
)  # fmt: skip


@dataclass
class Compared:
    """One condition: seconds for ours and for the hand's, and how many accounts both found."""

    condition: str
    found: int
    ours: float
    by_hand: float


def measure(url: str, many: int) -> list[Compared]:
    """Fills an empty database and runs every condition, ours and the hand's in turn; medians."""
    database = Database(url)
    upgrade(database)
    with database.transaction() as session:
        for statement in DATA:
            session.execute(text(statement), {"many": many, "now": NOW})
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    with database.reading() as session:
        compared = [_compare(session, condition, by_hand) for condition, by_hand in CASES]
    database.close()
    return compared


def _compare(session: Session, condition: str, by_hand: str) -> Compared:
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_timed(lambda: _ours(session, condition)))
        theirs.append(_timed(lambda: _by_hand(session, by_hand)))
    found = {count for count, _ in (*ours, *theirs)}
    assert len(found) == 1, f"{condition}: {found}"
    return Compared(condition, found.pop(), *(statistics.median(spent for _, spent in each) for each in (ours, theirs)))


def _ours(session: Session, condition: str) -> int:
    facts = {f"account.{name}": FactDeclaration.model_validate(kind) for name, kind in TRAITS.items()}
    vocabulary = Vocabulary(facts=facts)
    asked = parse_expression(condition, vocabulary.catalogue())
    compiled = Conditions(session, "account", vocabulary, [asked], moments=Moments(NOW))
    query = compiled.customers.select(compiled.customers.subject_id, where=[compiled.holds(asked)])
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _by_hand(session: Session, query: str) -> int:
    return session.scalar(text(f"SELECT count(*) FROM ({query}) found"), {"now": NOW}) or 0


def _timed(run: Callable[[], int]) -> tuple[int, float]:
    start = time.perf_counter()
    return run(), time.perf_counter() - start
