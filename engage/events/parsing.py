"""From one Segment message to an event, or the reason why not; pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engage.errors import InputError
from engage.events.instants import parse_instant, true_instant
from engage.events.limits import MAX_DEPTH, MAX_ID_CHARS, MAX_MESSAGE_BYTES
from engage.events.trait_checks import check_told, check_traits, clean_id, holds_control
from engage.ids import new_id

TYPES = ("identify", "track", "group", "page", "screen", "alias")
_RESERVED = ("message.", "playbook.")
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """A message that can be stored: checked, its moment by our clock."""

    message_id: str
    type: str
    name: str
    occurred_at: datetime
    user_id: str | None
    anonymous_id: str | None
    group_id: str | None
    properties: dict[str, Any]
    context: dict[str, Any]


def parse_message(raw: object, *, received_at: datetime, sent_at: datetime | None) -> ParsedMessage:
    """The event a message tells; InputError with a code says why it cannot be taken."""
    if not isinstance(raw, dict):
        raise InputError("a message must be a JSON object", code="not_an_object")
    text = _checked_text(raw)
    kind = _kind(raw)
    context = _mapping(raw, "context")
    user_id, anonymous_id = _id(raw, "userId"), _id(raw, "anonymousId")
    group_id = _id(raw, "groupId") if kind == "group" else _id(context, "groupId") or _id(raw, "groupId")
    name = _name(raw, kind)
    _require_subject(kind, user_id or anonymous_id, group_id)
    properties = _properties(raw, kind)
    check_told(name, properties)
    said, words = _moment(raw)
    return ParsedMessage(
        message_id=_id(raw, "messageId") or _own_message_id(text, said),
        type=kind,
        name=name,
        occurred_at=_by_our_clock(said, parse_instant(raw.get("sentAt")) or sent_at, received_at),
        user_id=user_id,
        anonymous_id=anonymous_id,
        group_id=group_id,
        properties=properties,
        context={**context, **words},
    )


def _checked_text(raw: dict[str, Any]) -> str:
    """The message as JSON, once it is known to be storable: size, depth, numbers, characters."""
    try:
        text = _encode(raw)
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InputError("a text holds half a character", code="bad_text") from None
    except ValueError:
        raise InputError("a number is infinite or not a number", code="bad_number") from None
    except RecursionError:
        raise InputError(f"the message is nested deeper than {MAX_DEPTH}", code="too_deep") from None
    if size > MAX_MESSAGE_BYTES:
        limit = MAX_MESSAGE_BYTES // 1024
        raise InputError(f"the message is larger than {limit} KB", code="message_too_large", hint="send less of it")
    if text.count("{") + text.count("[") > MAX_DEPTH and _depth(raw) > MAX_DEPTH:
        raise InputError(f"the message is nested deeper than {MAX_DEPTH}", code="too_deep")
    if "\\u0000" in text and _NUL.search(text):
        raise InputError("a text holds a NUL character", code="bad_text")
    return text


def _depth(value: object) -> int:
    """How many objects and lists lie inside each other."""
    deepest, level = 0, [value]
    while level:
        level = [inner for outer in level for inner in _inside(outer)]
        deepest += 1
    return deepest - 1


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _kind(raw: dict[str, Any]) -> str:
    kind = raw.get("type")
    if kind not in TYPES:
        raise InputError(f"type must be one of {', '.join(TYPES)}", code="unknown_type")
    return str(kind)


def _id(raw: Mapping[str, Any], key: str) -> str | None:
    """An id as text; clients also send numbers. Empty is none."""
    value = raw.get(key)
    return None if value is None else clean_id(key, value) or None


def _name(raw: dict[str, Any], kind: str) -> str:
    if kind != "track":
        return kind
    name = raw.get("event")
    if not isinstance(name, str) or not name.strip():
        raise InputError("a track message needs event, the name of what happened", code="missing_event")
    if len(name) > MAX_ID_CHARS or holds_control(name):
        raise InputError(f"event must be one line of at most {MAX_ID_CHARS} characters", code="bad_event")
    name = name.strip()
    if name.startswith(_RESERVED):
        raise InputError(f"events named {'… or '.join(_RESERVED)}… are written by Engage itself", code="reserved_event")
    return name


def _require_subject(kind: str, who: str | None, group_id: str | None) -> None:
    if kind == "group" and group_id is None:
        raise InputError("a group message needs groupId", code="missing_group_id")
    if who is None and (group_id is None or kind not in ("group", "track")):
        raise InputError("the message needs userId or anonymousId", code="missing_user_id")


def _properties(raw: dict[str, Any], kind: str) -> dict[str, Any]:
    """What the message carries, in the one column for it: properties, or traits of a person or company."""
    if kind in ("identify", "group"):
        traits = _mapping(raw, "traits")
        check_traits(traits)
        return traits
    properties = _mapping(raw, "properties")
    if kind == "alias":
        previous = _id(raw, "previousId")
        if previous is None:
            raise InputError("an alias message needs previousId", code="missing_previous_id")
        return {**properties, "previousId": previous}
    if kind in ("page", "screen"):
        return {**{key: raw[key] for key in ("name", "category") if raw.get(key)}, **properties}
    return properties


def _mapping(raw: dict[str, Any], key: str) -> dict[str, Any]:
    value = raw.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InputError(f"{key} must be an object", code=f"bad_{key}")
    return value


def _moment(raw: dict[str, Any]) -> tuple[datetime | None, dict[str, Any]]:
    """When the client says it happened; with its own words, kept so that a correction can be judged later."""
    said = raw.get("originalTimestamp") or raw.get("timestamp")
    read = parse_instant(said)
    if said is not None and read is None:
        raise InputError("timestamp must be ISO 8601, like 2027-03-31T09:00:00Z", code="bad_timestamp")
    return read, {} if said is None else {"originalTimestamp": said}


def _by_our_clock(said: datetime | None, sent_at: datetime | None, received_at: datetime) -> datetime:
    try:
        return true_instant(said, sent_at=sent_at, received_at=received_at)
    except ValueError as error:
        raise InputError(str(error), code="bad_timestamp", hint="check the sender's clock") from None


def _own_message_id(text: str, said: datetime | None) -> str:
    """Without a messageId, the same message at the same moment counts once; without a moment, it cannot be known."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" if said is not None else new_id("evt")
