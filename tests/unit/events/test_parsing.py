"""What a Segment message must hold, and what becomes of the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engage.errors import InputError
from engage.events.parsing import ParsedMessage, parse_message

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


def track(**said: Any) -> dict[str, Any]:
    return {"type": "track", "userId": "aiko", "event": "report.made", "messageId": "m1", **said}


def parsed(raw: object, *, sent_at: datetime | None = None) -> ParsedMessage:
    return parse_message(raw, received_at=NOW, sent_at=sent_at)


def code_of(raw: object) -> str:
    with pytest.raises(InputError) as caught:
        parsed(raw)
    return caught.value.code


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"inner": value}
    return value


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ([], "not_an_object"),
        ({"userId": "aiko"}, "unknown_type"),
        (track(type="tracks"), "unknown_type"),
        (track(type=["track"]), "unknown_type"),
        (track(event=""), "missing_event"),
        (track(event=None), "missing_event"),
        (track(event=7), "missing_event"),
        (track(event="x" * 300), "bad_event"),
        (track(event="a\nb"), "bad_event"),
        (track(event="message.accepted"), "reserved_event"),
        (track(event=" message.skipped"), "reserved_event"),
        (track(event="playbook.started"), "reserved_event"),
        (track(event="\u3000message.skipped"), "reserved_event"),
        (track(userId=None), "missing_user_id"),
        (track(userId="  "), "missing_user_id"),
        (track(userId={}), "bad_id"),
        (track(userId=True), "bad_id"),
        (track(userId="a" * 300), "bad_id"),
        (track(properties=[]), "bad_properties"),
        (track(context="x"), "bad_context"),
        (track(timestamp="yesterday"), "bad_timestamp"),
        (track(timestamp="0001-01-01T00:00:00Z"), "bad_timestamp"),
        (track(properties={"a": float("inf")}), "bad_number"),
        (track(properties={"a": "\x00"}), "bad_text"),
        (track(properties={"a": "\\\x00"}), "bad_text"),
        (track(properties={"a": "\ud800"}), "bad_text"),
        (track(properties={"a": "あ" * 11_000}), "message_too_large"),
        (track(properties=nested(40)), "too_deep"),
        (track(event="contract.updated", properties={"contract_id": "c" * 300}), "bad_id"),
        (track(event="contract.updated", properties={"contract_id": {"a": 1}}), "bad_id"),
        (track(event="contract.renewed", properties={"new_contract_id": "c\nd"}), "bad_id"),
        (track(event="contract.updated", properties={"contract_id": "c", "account_id": "a" * 300}), "bad_id"),
        (track(event="contract.created", properties={"contract_id": "c", "ends_on": "2027-02-30"}), "bad_date"),
        (track(event="contract.updated", properties={"contract_id": "c", "notice_deadline": "soon"}), "bad_date"),
        (track(event="contract.renewed", properties={"contract_id": "c", "start_date": True}), "bad_date"),
        (track(event="consent.granted", properties={"topic": "t" * 300}), "bad_topic"),
        ({"type": "identify", "userId": "a", "traits": {"consents": {"t" * 300: True}}}, "bad_topic"),
        ({"type": "group", "groupId": "g", "traits": {"phase": "p" * 300}}, "bad_name"),
        (track(timestamp="9999-12-31T23:59:59Z", sentAt="2027-03-01T08:59:58Z"), "bad_timestamp"),
        (track(timestamp="1990-01-01T00:00:00Z", sentAt="2100-01-01T00:00:00Z"), "bad_timestamp"),
        ({"type": "group", "userId": "aiko"}, "missing_group_id"),
        ({"type": "alias", "userId": "aiko"}, "missing_previous_id"),
        ({"type": "identify", "traits": {}}, "missing_user_id"),
        ({"type": "identify", "userId": "a", "traits": {"email": "山田@example.jp"}}, "bad_email"),
        ({"type": "identify", "userId": "a", "traits": {"email": "nobody"}}, "bad_email"),
        ({"type": "identify", "userId": "a", "traits": {"email": ["a@example.jp"]}}, "bad_email"),
        ({"type": "identify", "userId": "a", "traits": {"family_name": "Ya\r\nBcc: x"}}, "bad_name"),
        ({"type": "identify", "userId": "a", "traits": {"name": "x" * 300}}, "bad_name"),
        ({"type": "group", "groupId": "g", "traits": {"name": "Acme\nInc"}}, "bad_name"),
    ],
)
def test_a_message_is_refused_with_a_code(raw: object, code: str) -> None:
    assert code == code_of(raw)


@pytest.mark.parametrize(
    "raw",
    [
        track(properties={"a": "\\u0000 written out"}),
        track(properties=nested(25)),
        track(event="レポート　作成"),
        track(userId=42),
        track(userId=None, anonymousId="anon"),
        track(properties=None, context=None),
        track(event="contract.created", properties={"starts_on": "2027年4月1日", "ends_on": None, "start_date": ""}),
        track(event="contract.created", properties={"starts_on": "2027-04-01T00:00:00+09:00", "end_date": 20280331}),
        track(event="visit.planned", properties={"starts_on": "2027-02-30"}),
        {"type": "group", "groupId": "acme", "traits": {"name": "Acme"}},
        {"type": "alias", "userId": "b", "previousId": "a"},
        {"type": "identify", "userId": "a", "traits": {"email": "a@日本.jp"}},
    ],
)
def test_a_message_that_looks_odd_but_is_right_is_taken(raw: object) -> None:
    assert parsed(raw)


def test_a_wrong_clock_is_corrected_by_when_the_client_says_it_sent() -> None:
    an_hour_fast = track(timestamp="2027-03-01T09:50:00Z")

    event = parsed(an_hour_fast, sent_at=NOW + timedelta(hours=1))

    assert NOW - timedelta(minutes=10) == event.occurred_at
    assert event.context["originalTimestamp"] == "2027-03-01T09:50:00Z"


def test_what_nobody_dated_happened_when_it_was_received() -> None:
    assert parsed(track()).occurred_at == NOW


def test_nothing_happens_later_than_it_was_received() -> None:
    assert parsed(track(timestamp="2030-01-01T00:00:00Z")).occurred_at == NOW


def test_the_original_timestamp_goes_before_the_one_of_the_batch() -> None:
    event = parsed(track(originalTimestamp="2027-02-01T00:00:00", timestamp="2027-02-02T00:00:00Z"))

    assert datetime(2027, 2, 1, tzinfo=UTC) == event.occurred_at


def test_the_account_comes_from_the_context() -> None:
    assert parsed(track(context={"groupId": "acme"})).group_id == "acme"


def test_a_page_keeps_its_name_and_category() -> None:
    event = parsed({"type": "page", "userId": "a", "name": "Home", "category": "Docs", "properties": {"url": "/"}})

    assert (event.name, event.properties) == ("page", {"name": "Home", "category": "Docs", "url": "/"})


def test_a_message_without_id_counts_once_where_it_says_its_moment() -> None:
    dated, undated = track(timestamp="2027-02-01T00:00:00Z", messageId=None), track(messageId=None)

    assert parsed(dated).message_id == parsed(dated).message_id
    assert parsed(undated).message_id != parsed(undated).message_id
