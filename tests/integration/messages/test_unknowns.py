"""Messages in doubt: listed after two hours, ended by a person's word, with an audit entry."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engage.channels.base import Unknown
from engage.channels.email.recording import RecordingChannel
from engage.db.session import Database
from engage.errors import ConflictError, NotFoundError
from engage.messages.ledger_views import list_messages, show_message
from engage.messages.tables import Message
from engage.messages.unknowns import list_unknowns, resolve
from engage.staff.tables import AuditEntry
from engage.testing import MONDAY, FrozenClock
from tests.integration.messages.test_delivering import queued, run


@pytest.fixture
def in_doubt(database: Database) -> str:
    (public_id,) = queued(database, 1)
    run(database, RecordingChannel(lambda _email: Unknown("no answer")))
    return public_id


def test_a_doubt_is_listed_when_it_is_two_hours_old(database: Database, in_doubt: str) -> None:
    with database.reading() as session:
        assert list_unknowns(session, now=MONDAY + timedelta(minutes=119)) == []
        (row,) = list_unknowns(session, now=MONDAY + timedelta(hours=2))
    assert (row.public_id, row.provider, row.reason) == (in_doubt, "recording", "no answer")


@pytest.mark.parametrize(
    ("verdict", "state", "sent"), [("sent", "accepted", 0), ("not-sent", "queued", 1), ("give-up", "cancelled", 0)]
)
def test_a_person_ends_the_doubt(database: Database, in_doubt: str, verdict: str, state: str, sent: int) -> None:
    with database.transaction() as session:
        assert resolve(session, in_doubt, verdict, by="cli:me", now=MONDAY) == state
    with database.reading() as session:
        assert session.scalar(select(Message.state)) == state
        assert session.execute(select(AuditEntry.actor, AuditEntry.action)).all() == [("cli:me", "message.resolved")]
    channel = RecordingChannel()
    run(database, channel, FrozenClock())
    assert len(channel.sent) == sent


def test_only_doubts_can_be_resolved(database: Database, in_doubt: str) -> None:
    with pytest.raises(NotFoundError), database.transaction() as session:
        resolve(session, "msg_nothing", "sent", by="me", now=MONDAY)
    with database.transaction() as session:
        resolve(session, in_doubt, "sent", by="me", now=MONDAY)
    with pytest.raises(ConflictError, match="accepted"), database.transaction() as session:
        resolve(session, in_doubt, "not-sent", by="me", now=MONDAY)


def test_the_ledger_shows_all_that_happened_to_a_message(database: Database, in_doubt: str) -> None:
    with database.reading() as session:
        shown = show_message(session, in_doubt)
        assert [row["public_id"] for row in list_messages(session, state="unknown")] == [in_doubt]
        assert list_messages(session, playbook="other") == []
        with pytest.raises(NotFoundError):
            show_message(session, "msg_nothing")
    assert [check["verdict"] for check in shown["gate"]] == ["allow"]
    assert [(a["number"], a["outcome"], a["detail"]) for a in shown["attempts"]] == [(1, "unknown", "no answer")]
