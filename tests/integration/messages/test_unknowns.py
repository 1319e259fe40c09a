"""Messages in doubt: listed after two hours, ended by a person's word, with an audit entry."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engage.channels.base import Unknown
from engage.channels.email.recording import RecordingChannel
from engage.db.session import Database
from engage.errors import ConflictError, InputError, NotFoundError
from engage.messages.ledger_views import Wanted, list_messages, show_message
from engage.messages.tables import Attempt, Message
from engage.messages.unknowns import list_doubts, list_unknowns, resolve
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


def test_whoever_asks_is_told_what_happens_next(database: Database, in_doubt: str) -> None:
    with database.transaction() as session:
        (doubt,) = list_doubts(session, now=MONDAY)
        assert (doubt["public_id"], doubt["attempt"], doubt["started_at"]) == (in_doubt, 1, MONDAY)
        assert "only a person" in doubt["next"]
        session.execute(update(Attempt).values(provider="sendgrid"))
        assert "03:00 UTC" in list_doubts(session, now=MONDAY)[0]["next"]
        assert "a person is asked" in list_doubts(session, now=MONDAY + timedelta(hours=3))[0]["next"]


@pytest.mark.parametrize(
    ("verdict", "state", "sent"), [("accepted", "accepted", 0), ("not-sent", "queued", 1), ("give-up", "cancelled", 0)]
)
def test_a_person_ends_the_doubt(database: Database, in_doubt: str, verdict: str, state: str, sent: int) -> None:
    with database.transaction() as session:
        assert resolve(session, in_doubt, verdict, by="cli:me", why="its log says so", now=MONDAY) == state
    with database.reading() as session:
        assert session.scalar(select(Message.state)) == state
        assert session.execute(select(AuditEntry.actor, AuditEntry.action)).all() == [("cli:me", "message.resolved")]
    channel = RecordingChannel()
    run(database, channel, FrozenClock())
    assert len(channel.sent) == sent


def test_only_doubts_can_be_resolved(database: Database, in_doubt: str) -> None:
    said = {"by": "me", "why": "seen", "now": MONDAY}
    with database.transaction() as session:
        with pytest.raises(NotFoundError):
            resolve(session, "msg_nothing", "accepted", **said)
        with pytest.raises(InputError):
            resolve(session, in_doubt, "accepted", **said | {"why": " "})
        with pytest.raises(ConflictError, match="attempt 7 is over"):
            resolve(session, in_doubt, "accepted", **said, attempt=7)
        resolve(session, in_doubt, "accepted", **said, attempt=1)
        with pytest.raises(ConflictError, match="the message is accepted"):
            resolve(session, in_doubt, "not-sent", **said)


def test_the_ledger_shows_all_that_happened_to_a_message(database: Database, in_doubt: str) -> None:
    with database.reading() as session:
        shown = show_message(session, in_doubt)
        assert [row["public_id"] for row in list_messages(session, Wanted(state="unknown"))] == [in_doubt]
        assert len(list_messages(session, Wanted(account="acme", playbook="test", since=MONDAY))) == 1
        for other in (Wanted(playbook="other"), Wanted(since=MONDAY + timedelta(1))):
            assert list_messages(session, other) == []
        with pytest.raises(NotFoundError):
            show_message(session, "msg_nothing")
    assert [check["verdict"] for check in shown["gate"]] == ["allow"]
    assert [(a["number"], a["outcome"], a["detail"]) for a in shown["attempts"]] == [(1, "unknown", "no answer")]
