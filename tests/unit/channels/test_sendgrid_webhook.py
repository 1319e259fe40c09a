"""The Event Webhook: forged, stale and broken requests are refused; genuine ones become receipts."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta

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


def test_an_old_signature_is_refused() -> None:
    with pytest.raises(PermissionDeniedError, match="too old"):
        verify(RAW, PROVIDER.signed(RAW), [PROVIDER.public_key()], now() + timedelta(minutes=11))
    unreadable = PROVIDER.signed(RAW, timestamp="soon")
    with pytest.raises(PermissionDeniedError, match="too old"):
        verify(RAW, unreadable, [PROVIDER.public_key()], now())


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
