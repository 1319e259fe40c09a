"""The invariants of the send ledger: a true ledger holds them all, and each kind of break is named."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from engage.channels.base import Receipt
from engage.channels.email.recording import RecordingChannel
from engage.db.session import Database
from engage.messages.receipts import record_receipts
from engage.testing import MONDAY
from engage.upkeep.doctor import examine
from engage.upkeep.invariants import INVARIANTS, breaches
from tests.integration.messages.test_delivering import queued, run
from tests.integration.upkeep.test_doctor import by_name, patient

GONE, WAITING = "state = 'accepted'", "state = 'queued'"
UNDONE = f"ended_at = NULL, accepted_at = NULL WHERE {GONE}"
AGAIN = """INSERT INTO attempts (message_id, number, provider, started_at, outcome)
    SELECT message_id, 2, provider, started_at, '{}' FROM attempts; UPDATE messages SET fence = 2 WHERE fence = 1"""
APPROVAL = """INSERT INTO approvals
    (public_id, message_id, cause, state, asked_at, expires_at, version, edited, edits, sha)
    SELECT 'apr_1', id, 'touch_model', '{}', created_at, created_at, 1, false, '{{}}', 'x' FROM messages
    WHERE fence = 1"""
STOPPED = """INSERT INTO suppressions (address_key, topic, reason, source, at)
    SELECT address, 'news', 'unsubscribed', 'link', '2026-01-01 00:00:00' FROM messages WHERE fence = 1"""
TWICE = "CREATE TEMP VIEW {0} AS SELECT * FROM {{schema}}.{0} UNION ALL SELECT * FROM {{schema}}.{0} WHERE {1}"

PLANTED = [
    ("I1", TWICE.format("messages", WAITING)),
    ("I2", AGAIN.format("accepted")),
    ("I2", f"UPDATE messages SET state = 'queued', due_at = created_at, {UNDONE}"),
    ("I3", f"UPDATE messages SET ended_at = created_at, due_at = NULL, state = 'proposed' WHERE {WAITING}"),
    ("I3", f"UPDATE messages SET due_at = created_at WHERE {GONE}"),
    ("I4", f"UPDATE messages SET lease_until = created_at WHERE {WAITING}"),
    ("I4", f"UPDATE messages SET state = 'unknown', {UNDONE}"),
    ("I5", f"UPDATE messages SET due_at = NULL WHERE {WAITING}"),
    ("I6", "DELETE FROM gate_checks"),
    ("I6", APPROVAL.format("pending")),
    ("I6", STOPPED),
    ("I7", APPROVAL.format("approved")),
    ("I7", "UPDATE messages SET sha = NULL"),
    ("I8", "UPDATE messages SET fence = 3 WHERE fence = 0"),
    ("I8", "UPDATE messages SET delivery = 'bounced' WHERE fence = 1"),
    ("I9", TWICE.format("receipts", "kind = 'delivered'")),
    ("I10", AGAIN.format("not_sent") + """; UPDATE attempts SET number = 9 WHERE number = 1;
        UPDATE attempts SET number = 1 WHERE number = 2; UPDATE attempts SET number = 2 WHERE number = 9"""),
]  # fmt: skip


@pytest.fixture
def ledger(database: Database) -> list[str]:
    """One message that was delivered, and one that waits."""
    ids = queued(database, 2)
    run(database, RecordingChannel(), limit=1)
    came = Receipt("recording", "r-1", ids[0], "delivered", MONDAY, None, None, {})
    with database.transaction() as session:
        record_receipts(session, [came], now=MONDAY)
    return ids


def test_each_kind_of_break_is_named_and_nothing_else(database: Database, ledger: list[str]) -> None:
    assert {name for name, _ in PLANTED} == {one.name for one in INVARIANTS}
    schema = "main" if database.dialect == "sqlite" else "public"
    for name, planted in PLANTED:
        with database.reading() as session:  # rolled back at the end
            for statement in planted.replace("{schema}", schema).split(";"):
                session.connection().exec_driver_sql(statement)
            found = breaches(session)
        assert [breach.invariant.name for breach in found] == [name], planted
        assert set(found[0].ids) <= {*ledger, "recording r-1"}
        assert found[0].count == 1
    with database.reading() as session:
        assert breaches(session, now=MONDAY) == []


def test_who_is_late_is_named_only_where_the_time_is_known(database: Database, ledger: list[str]) -> None:
    with database.reading() as session:
        session.execute(text(f"UPDATE messages SET state = 'sending', lease_until = created_at, {UNDONE}"))
        session.execute(text("UPDATE attempts SET outcome = NULL, ended_at = NULL"))
        assert breaches(session) == breaches(session, now=MONDAY) == []
        late = breaches(session, now=MONDAY + timedelta(hours=2))
    assert [(breach.invariant.name, breach.ids) for breach in late] == [("I4", (ledger[0],)), ("I5", (ledger[1],))]


@pytest.mark.broken_ledger
def test_the_doctor_says_which_promise_is_broken_by_how_many_and_what_to_do(
    database: Database, ledger: list[str], tmp_path: Path
) -> None:
    assert by_name(examine(patient(tmp_path, database)))["send ledger"].verdict == "ok"
    with database.transaction() as session:
        session.execute(text("DELETE FROM gate_checks"))
    finding = by_name(examine(patient(tmp_path, database)))["send ledger I6"]
    assert (finding.verdict, finding.count, finding.ids) == ("bad", 1, (ledger[0],))
    assert ledger[0] in finding.said
    assert finding.way_out and "engage messages show" in finding.way_out
    assert json.dumps(finding.ids)
