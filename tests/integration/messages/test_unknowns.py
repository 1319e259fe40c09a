"""Messages in doubt: listed after two hours, ended by a person's word, with an audit entry."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engage.channels.base import Receipt, Unknown
from engage.channels.email.recording import RecordingChannel
from engage.db.session import Database
from engage.errors import ConflictError, InputError, NotFoundError
from engage.language.vocabulary import Vocabulary
from engage.messages.ledger_views import Wanted, list_messages, show_message
from engage.messages.receipts import record_receipts
from engage.messages.tables import Attempt, Message
from engage.messages.unknowns import list_doubts, list_unknowns, resolve, send_critical_again
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


CRITICAL = Vocabulary.model_validate(
    {"topics": {"news": {"title": {"ja": "お知らせ", "en": "News"}, "in_doubt": "resend"}}}
)


def send_again(database: Database, after: timedelta) -> int:
    with database.transaction() as session:
        return send_critical_again(session, CRITICAL, now=MONDAY + after)


def test_what_must_arrive_is_sent_again_under_the_same_id_when_no_receipt_has_come(
    database: Database, in_doubt: str
) -> None:
    assert send_again(database, timedelta(minutes=14)) == 0
    assert send_again(database, timedelta(minutes=15)) == 1
    channel, clock = RecordingChannel(), FrozenClock(MONDAY + timedelta(minutes=15))
    run(database, channel, clock)
    assert [(email.message_id, email.attempt) for email in channel.sent] == [(in_doubt, 2)]
    with database.reading() as session:
        outcomes = session.scalars(select(Attempt.outcome).order_by(Attempt.number)).all()
    assert outcomes == ["sent_again", "accepted"]


def test_a_receipt_that_comes_in_time_spares_the_second_sending(database: Database, in_doubt: str) -> None:
    assert send_again(database, timedelta(minutes=15)) == 1
    with database.transaction() as session:
        raw: dict[str, object] = {}
        told = Receipt("sendgrid", "1", in_doubt, "processed", MONDAY, None, "user-0@customer.example", raw)
        record_receipts(session, [told], now=MONDAY)
    channel = RecordingChannel()
    assert run(database, channel, FrozenClock(MONDAY + timedelta(minutes=15))) == 0


def test_after_three_doubts_a_person_is_asked(database: Database, in_doubt: str) -> None:
    minutes = 0
    for _ in range(2):
        minutes += 15
        assert send_again(database, timedelta(minutes=minutes)) == 1
        clock = FrozenClock(MONDAY + timedelta(minutes=minutes))
        run(database, RecordingChannel(lambda _email: Unknown("no answer")), clock)
    assert send_again(database, timedelta(hours=3)) == 0
    with database.reading() as session:
        (doubt,) = list_doubts(session, now=MONDAY + timedelta(hours=3), critical={"news"})
    assert (doubt["attempt"], "only a person" in doubt["next"]) == (3, True)


def test_whoever_asks_hears_that_it_will_be_sent_again(database: Database, in_doubt: str) -> None:
    with database.reading() as session:
        (doubt,) = list_doubts(session, now=MONDAY, critical={"news"})
    assert "sent again 01:15 UTC" in doubt["next"]


def test_other_topics_are_held(database: Database, in_doubt: str) -> None:
    with database.transaction() as session:
        assert send_critical_again(session, Vocabulary(), now=MONDAY + timedelta(days=1)) == 0


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
