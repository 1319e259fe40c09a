"""Takes messages in: checks each, stores the good ones once, keeps the bad ones with their reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage.db.session import nudge
from engage.errors import InputError
from engage.events.parsing import ParsedMessage, parse_message
from engage.events.problems import Refused, keep_problems
from engage.events.storing import EventValues, store_events


@dataclass(frozen=True, slots=True)
class AcceptResult:
    """What became of a batch: new events, messages known before, refused ones with their reason."""

    accepted: int
    duplicates: int
    problems: tuple[Refused, ...]


def accept(
    session: Session,
    source_id: int,
    messages: Sequence[object],
    *,
    received_at: datetime,
    sent_at: datetime | None,
    admit: Callable[[ParsedMessage], ParsedMessage] | None = None,
    place: Callable[[int], str] = "batch[{}]".format,
) -> AcceptResult:
    """Stores each good message once and each bad one as a problem; all of it or, on an error, nothing.

    `admit` is the say of the source's key: it narrows a message, or refuses it by an InputError.
    """
    good: list[EventValues] = []
    refused: list[Refused] = []
    for number, raw in enumerate(messages):
        try:
            parsed = parse_message(raw, received_at=received_at, sent_at=sent_at)
            parsed = admit(parsed) if admit is not None else parsed
        except InputError as error:
            refused.append(Refused(error.code, str(error), place(number), raw))
        else:
            good.append(_values(source_id, parsed, received_at))
    accepted = store_events(session, source_id, good)
    keep_problems(session, source_id, refused, received_at=received_at)
    if accepted:
        nudge(session, "digest")
    return AcceptResult(accepted, len(good) - accepted, tuple(refused))


def _values(source_id: int, parsed: ParsedMessage, received_at: datetime) -> Any:
    return {
        "source_id": source_id,
        "message_id": parsed.message_id,
        "type": parsed.type,
        "name": parsed.name,
        "occurred_at": parsed.occurred_at,
        "received_at": received_at,
        "user_id": parsed.user_id,
        "anonymous_id": parsed.anonymous_id,
        "group_id": parsed.group_id,
        "properties": parsed.properties,
        "context": parsed.context,
        "contact_id": None,
        "account_id": None,
    }
