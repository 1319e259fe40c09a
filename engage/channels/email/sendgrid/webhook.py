"""SendGrid's Event Webhook: who really sent it, and what it says about our messages."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from engage.channels.base import Receipt
from engage.channels.email.sendgrid.payload import MESSAGE_ID_ARG
from engage.errors import InputError, PermissionDeniedError

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"
FRESH_FOR = timedelta(minutes=1500)  # SendGrid tries for a day; a repetition changes nothing, a lost receipt would
AHEAD = timedelta(minutes=5)  # its clock and ours may differ

# SendGrid's word for it → ours. Its tracking is off: clicks are ours, and an open that it tells all the same is shown
# and decides nothing.
_KINDS = {
    "processed": "processed",
    "deferred": "deferred",
    "delivered": "delivered",
    "bounce": "bounced",
    "dropped": "dropped",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
    "open": "opened",
}
_OF_THE_READER = frozenset({"ip", "useragent"})  # what an open tells of a person: nobody needs it, so nobody keeps it


def verify(
    raw: bytes, headers: Mapping[str, str], public_keys: Iterable[str], now: datetime, fresh_for: timedelta = FRESH_FOR
) -> None:
    """Raises unless one of our keys signed exactly these bytes, not too long ago; with no length of time, ever."""
    signature, stamp = headers.get(SIGNATURE_HEADER, ""), headers.get(TIMESTAMP_HEADER, "")
    if not any(_signed_by(key, signature, stamp, raw) for key in public_keys):
        raise PermissionDeniedError("the webhook's signature is not valid", code="bad_signature")
    if fresh_for and not now - fresh_for <= _instant(stamp) <= now + AHEAD:
        raise PermissionDeniedError("the webhook's signature is too old", code="stale_signature")


def check_key(public_key: str) -> None:
    """Refuses a text that is no webhook key, so that a typing error shows at start and not at the first bounce."""
    _load(public_key)


def parse(raw: bytes, topics: Mapping[int, str] | None = None) -> list[Receipt]:
    """The receipts in a webhook's body; kinds that mean nothing to us are left out. `topics` by unsubscribe group."""
    try:
        events = _storable(json.loads(raw))
    except (ValueError, RecursionError):
        raise InputError("the webhook's body is not JSON") from None
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise InputError("the webhook's body is not a list of events")
    known = topics or {}
    return [receipt for event in events if (receipt := _receipt(event, known)) is not None]


def _storable(value: Any) -> Any:
    """The same without what a database keeps in no JSON: NUL, half a surrogate pair, numbers that are none."""
    match value:
        case str():
            return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
        case list():
            return [_storable(one) for one in value]
        case dict():
            return {_storable(name): _storable(one) for name, one in value.items()}
        case float() if not math.isfinite(value):
            return None
    return value


def _signed_by(public_key: str, signature: str, stamp: str, raw: bytes) -> bool:
    try:
        key = _load(public_key)
        key.verify(base64.b64decode(signature, validate=True), stamp.encode("ascii") + raw, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _load(public_key: str) -> ec.EllipticCurvePublicKey:
    where = "ENGAGE_SENDGRID_WEBHOOK_KEY"
    try:
        key = load_der_public_key(base64.b64decode(public_key, validate=True))
    except (binascii.Error, ValueError):
        raise InputError("this is not a public key as SendGrid shows it", where=where) from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise InputError("this is a public key, but not an ECDSA one", where=where)
    return key


def _instant(stamp: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(stamp), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _receipt(event: dict[str, object], topics: Mapping[int, str]) -> Receipt | None:
    kind = _KINDS.get(str(event.get("event")))
    if kind is None:
        return None
    if kind == "bounced" and event.get("type") == "blocked":
        kind = "dropped"  # refused this once by policy; the address itself is good
    return Receipt(
        provider="sendgrid",
        natural_key=_text(event.get("sg_event_id")) or _digest(event),
        message_id=_text(event.get(MESSAGE_ID_ARG)),
        kind=kind,
        at=_instant(str(event.get("timestamp"))),
        reason=_text(event.get("reason") or event.get("response") or _by_machine(event)),
        address=_text(event.get("email")),
        raw={name: value for name, value in event.items() if name not in _OF_THE_READER},
        topic=_topic(event, topics),
    )


def _by_machine(event: dict[str, object]) -> str | None:
    return "by a machine" if event.get("sg_machine_open") is True else None


def _topic(event: dict[str, object], topics: Mapping[int, str]) -> str | None:
    """What a refusal is about: everything, or the topic of the group that the reader has left."""
    if event.get("event") == "unsubscribe":
        return "*"
    group = event.get("asm_group_id")
    return topics.get(group) if isinstance(group, int) and event.get("event") == "group_unsubscribe" else None


def _text(value: object) -> str | None:
    return value[:500] if isinstance(value, str) and value else None


def _digest(event: dict[str, object]) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(event, sort_keys=True).encode("utf-8")).hexdigest()
