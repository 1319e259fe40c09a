"""Messages in the store: once each, good ones whatever the bad ones are, in their order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from engage.db.session import Database
from engage.events.intake import AcceptResult, accept
from engage.events.problems import list_problems
from engage.events.recording import NewEvent, record
from engage.events.tables import SOURCE_ENGAGE, Event, EventKey
from engage.events.timeline import unresolved

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


def track(number: int, **said: Any) -> dict[str, Any]:
    return {"type": "track", "userId": "aiko", "event": "report.made", "messageId": f"m{number}", **said}


def take(database: Database, messages: list[Any], *, source_id: int = 1) -> AcceptResult:
    with database.transaction() as session:
        return accept(session, source_id, messages, received_at=NOW, sent_at=None)


def test_events_are_stored_in_the_order_of_the_batch(database: Database) -> None:
    result = take(database, [track(n) for n in (5, 3, 9, 1)])

    with database.reading() as session:
        stored = [event.message_id for event in unresolved(session, limit=10)]
    assert stored == ["m5", "m3", "m9", "m1"]
    assert (result.accepted, result.duplicates, result.problems) == (4, 0, ())


def test_everything_a_message_says_comes_back(database: Database) -> None:
    said = track(
        1,
        properties={"税": [1, 2.5, None, {"a": "é"}]},
        context={"groupId": "acme"},
        timestamp="2027-02-01T01:02:03.5Z",
    )
    take(database, [said])

    with database.reading() as session:
        (event,) = unresolved(session, limit=10)
    assert event.properties == {"税": [1, 2.5, None, {"a": "é"}]}
    assert (event.group_id, event.user_id, event.anonymous_id, event.name) == ("acme", "aiko", None, "report.made")
    assert datetime(2027, 2, 1, 1, 2, 3, 500_000, tzinfo=UTC) == event.occurred_at
    assert event.received_at == NOW


def test_a_message_counts_once_for_its_source(database: Database) -> None:
    take(database, [track(1), track(2)])

    again = take(database, [track(2), track(3), track(3)])
    other_source = take(database, [track(1)], source_id=2)

    assert (again.accepted, again.duplicates) == (1, 2)
    assert (other_source.accepted, other_source.duplicates) == (1, 0)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 4
        assert session.scalar(select(func.count()).select_from(EventKey)) == 4


def test_bad_messages_do_not_stop_good_ones_and_are_kept_with_their_reason(database: Database) -> None:
    result = take(database, [track(1), {"type": "track"}, track(2, properties={"a": "\x00"}), 7, track(3)])

    assert result.accepted == 2
    with database.reading() as session:
        problems = list_problems(session, limit=10)
    assert [(problem.place, problem.code) for problem in problems] == [
        ("batch[3]", "not_an_object"),
        ("batch[2]", "bad_text"),
        ("batch[1]", "missing_event"),
    ]
    assert problems[2].body == {"type": "track"}
    assert "\\u0000" in problems[1].body["text"]


@pytest.mark.parametrize("bad", ["\ud800", "\x00", float("inf"), "あ" * 20_000])
def test_whatever_cannot_be_stored_is_kept_as_text(database: Database, bad: object) -> None:
    assert len(take(database, [track(1, properties={"a": bad})]).problems) == 1


def test_a_failure_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction() as session:
        accept(session, 1, [track(1), {}], received_at=NOW, sent_at=None)
        raise RuntimeError

    with database.reading() as session:
        assert unresolved(session, limit=10) == []
        assert list_problems(session, limit=10) == []
    assert take(database, [track(1)]).accepted == 1


def test_new_events_call_for_a_digest_and_duplicates_do_not(database: Database) -> None:
    said: list[frozenset[str]] = []
    database.nudger = said.append

    take(database, [track(1)])
    take(database, [track(1)])

    assert [frozenset({"digest"})] == said


def test_own_events_are_written_once_with_whom_they_are_about(database: Database) -> None:
    event = NewEvent(
        key="message:msg_1:accepted", name="message.accepted", occurred_at=NOW - timedelta(seconds=1), received_at=NOW,
        account_id=7, contact_id=8, properties={"message_id": "msg_1"},
    )  # fmt: skip

    with database.transaction() as session:
        assert record(session, [event]) == 1
    with database.transaction() as session:
        assert record(session, [event]) == 0
        (row,) = unresolved(session, limit=10)
    assert (row.source_id, row.account_id, row.contact_id) == (SOURCE_ENGAGE, 7, 8)
