"""The Event Webhook: forged, stale and broken requests are refused; genuine ones become receipts."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sendgrid.helpers.eventwebhook import EventWebhook

from engage.channels.email.sendgrid.webhook import TIMESTAMP_HEADER, check_key, parse, verify
from engage.errors import InputError, PermissionDeniedError
from tests.servers.fake_sendgrid import Provider, event_body

PROVIDER = Provider()
RAW = json.dumps([event_body({"message_id": "msg_1"})]).encode() + b"\r\n"


def now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def test_a_signature_of_sendgrids_kind_is_accepted_by_us_and_by_the_official_helper() -> None:
    headers = PROVIDER.signed(RAW)
    verify(RAW, headers, [Provider().public_key(), PROVIDER.public_key()], now())
    helper = EventWebhook(PROVIDER.public_key())
    assert helper.verify_signature(RAW.decode(), *headers.values())


@pytest.mark.parametrize("spoil", ["body", "signature", "not base64", "timestamp", "no headers", "other key", "no key"])
def test_a_forged_webhook_is_refused(spoil: str) -> None:
    headers, raw, keys = PROVIDER.signed(RAW), RAW, [PROVIDER.public_key()]
    name = "X-Twilio-Email-Event-Webhook-Signature"
    match spoil:
        case "body":
            raw = RAW.replace(b"delivered", b"processed")
        case "signature":
            headers[name] = base64.b64encode(b"0" * 70).decode()
        case "not base64":
            headers[name] = "%%%"
        case "timestamp":
            headers[TIMESTAMP_HEADER] = str(int(time.time()) + 1)
        case "no headers":
            headers = {}
        case "other key":
            keys = [Provider().public_key()]
        case "no key":
            keys = []
    with pytest.raises(PermissionDeniedError, match="not valid"):
        verify(raw, headers, keys, now())


@pytest.mark.parametrize(
    ("age", "fresh_for", "is_taken"),
    [
        (timedelta(hours=24), None, True),  # the last time that SendGrid tries
        (timedelta(hours=26), None, False),
        (timedelta(minutes=9), timedelta(minutes=10), True),
        (timedelta(minutes=11), timedelta(minutes=10), False),
        (timedelta(minutes=-4), timedelta(minutes=10), True),  # clocks differ
        (timedelta(minutes=-6), timedelta(minutes=10), False),
        (timedelta(days=9), timedelta(0), True),
    ],
)
def test_how_old_a_signature_may_be_is_a_setting(age: timedelta, fresh_for: timedelta | None, is_taken: bool) -> None:
    said = {} if fresh_for is None else {"fresh_for": fresh_for}

    def ask() -> None:
        verify(RAW, PROVIDER.signed(RAW), [PROVIDER.public_key()], now() + age, **said)

    if is_taken:
        ask()
    else:
        with pytest.raises(PermissionDeniedError, match="too old"):
            ask()


def test_a_time_that_is_none_is_too_old() -> None:
    with pytest.raises(PermissionDeniedError, match="too old"):
        verify(RAW, PROVIDER.signed(RAW, timestamp="soon"), [PROVIDER.public_key()], now())


def test_while_keys_are_changed_both_are_good() -> None:
    both = [PROVIDER.public_key(0), PROVIDER.public_key(1)]
    for number in (0, 1):
        verify(RAW, PROVIDER.signed(RAW, key=number), both, now())
    with pytest.raises(PermissionDeniedError):
        verify(RAW, PROVIDER.signed(RAW, key=0), [PROVIDER.public_key(1)], now())


@pytest.mark.parametrize("key", ["", "abc", base64.b64encode(b"not a key").decode()])
def test_a_key_that_is_none_is_named_at_once(key: str) -> None:
    with pytest.raises(InputError, match="ENGAGE_SENDGRID_WEBHOOK_KEY"):
        check_key(key)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"event": "processed"}, "processed"),
        ({"event": "deferred", "response": "450 later"}, "deferred"),
        ({"event": "delivered"}, "delivered"),
        ({"event": "bounce", "type": "bounce", "reason": "550 no such user"}, "bounced"),
        ({"event": "bounce", "type": "blocked"}, "dropped"),
        ({"event": "dropped"}, "dropped"),
        ({"event": "spamreport"}, "complained"),
        ({"event": "group_unsubscribe"}, "unsubscribed"),
        ({"event": "unsubscribe"}, "unsubscribed"),
    ],
)
def test_each_kind_of_event_becomes_a_receipt(said: dict[str, str], kind: str) -> None:
    (receipt,) = parse(json.dumps([event_body(said | {"message_id": "msg_1"})]).encode())
    assert (receipt.kind, receipt.message_id, receipt.provider) == (kind, "msg_1", "sendgrid")
    assert receipt.at.tzinfo is not None


def test_clicks_and_unknown_kinds_are_left_out() -> None:
    assert parse(json.dumps([event_body({"event": kind}) for kind in ("click", "new-thing")]).encode()) == []


def test_an_open_is_kept_without_what_it_tells_of_the_reader() -> None:
    said = {"event": "open", "sg_machine_open": True, "ip": "203.0.113.7", "useragent": "Mozilla/5.0"}
    (receipt,) = parse(json.dumps([event_body(said)]).encode())

    assert (receipt.kind, receipt.reason) == ("opened", "by a machine")
    assert {"ip", "useragent"}.isdisjoint(receipt.raw)


@pytest.mark.parametrize(
    ("said", "topic"),
    [
        ({"event": "unsubscribe"}, "*"),
        ({"event": "group_unsubscribe", "asm_group_id": 7}, "product"),
        ({"event": "group_unsubscribe", "asm_group_id": 9}, None),  # the mail's own
        ({"event": "group_unsubscribe", "asm_group_id": "7"}, None),
        ({"event": "spamreport", "asm_group_id": 7}, None),
    ],
)
def test_what_a_reader_has_left_is_what_is_stopped(said: dict[str, Any], topic: str | None) -> None:
    (receipt,) = parse(json.dumps([event_body(said)]).encode(), {7: "product"})
    assert receipt.topic == topic


def test_an_asynchronous_bounce_without_sendgrids_id_still_names_our_message() -> None:
    event = event_body({"event": "bounce", "message_id": "msg_1"})
    del event["sg_message_id"]
    assert parse(json.dumps([event]).encode())[0].message_id == "msg_1"


@pytest.mark.parametrize(
    "raw",
    [
        rb'[{"event": "bounce", "reason": "a \u0000 b", "timestamp": 1}]',
        rb'[{"event": "bounce", "reason": "\\u0000 \ud83d", "timestamp": NaN}]',
        rb'[{"event": "bounce", "reason": 5, "timestamp": 1e999, "email": ["x"], "sg_event_id": {}}]',
        rb'[{"event": "bounce", "timestamp": 99999999999999999999}]',
    ],
)
def test_a_strange_event_is_kept_and_spoils_no_batch(raw: bytes) -> None:
    (receipt,) = parse(raw)
    assert receipt.kind == "bounced"
    json.dumps(receipt.raw, allow_nan=False, ensure_ascii=False).encode("utf-8")


def test_an_event_without_an_id_keeps_one_key_however_often_it_comes() -> None:
    event = event_body({"message_id": "msg_1"})
    del event["sg_event_id"]
    raw = json.dumps([event, event]).encode()
    first, second = parse(raw)
    assert first.natural_key == second.natural_key != ""


@pytest.mark.parametrize("raw", [b"", b"{}", b"[1]", b"\xff", b"null", b"[" * 100_000])
def test_a_body_that_is_no_list_of_events_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError):
        parse(raw)
