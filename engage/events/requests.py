"""From the JSON of a tracking request to its list of messages; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engage.errors import InputError
from engage.events.instants import parse_instant
from engage.events.limits import MAX_BATCH_MESSAGES

BATCHES = ("batch", "import")
_ENVELOPE = frozenset({"writeKey", "sentAt"})


@dataclass(frozen=True, slots=True)
class TrackingRequest:
    """The messages of one request, and when the client's clock says it was sent."""

    messages: list[Any]
    sent_at: datetime | None


def read_request(body: dict[str, Any], kind: str) -> TrackingRequest:
    """The messages of a request to /v1/<kind>; what stands on the batch fills what its messages leave out."""
    sent_at = parse_instant(body.get("sentAt"))
    if kind not in BATCHES:
        return TrackingRequest([{**_without_envelope(body), "type": kind}], sent_at)
    messages = body.get("batch")
    if not isinstance(messages, list):
        raise InputError("batch must be a list of messages", code="invalid_batch")
    if len(messages) > MAX_BATCH_MESSAGES:
        limit = f"{MAX_BATCH_MESSAGES:,}"
        raise InputError(f"the batch has more than {limit} messages", code="too_many_messages", hint="send fewer")
    shared = {key: body[key] for key in ("context", "integrations") if isinstance(body.get(key), dict)}
    if shared:
        messages = [{**shared, **message} if isinstance(message, dict) else message for message in messages]
    return TrackingRequest(messages, sent_at)


def _without_envelope(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in _ENVELOPE}
