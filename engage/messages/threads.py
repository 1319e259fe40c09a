"""The mails of one run to one person are one conversation: each names those before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.db.sets import among
from engage.messages import status
from engage.messages.tables import Message

FOLLOWS: Final = "_follows"  # in a message's inputs: its run has sent something before; templates cannot reach it
MOST = 10  # the oldest and the latest; more would only make the header long

_messages = Message.__table__.c
_EARLIER = (
    select(_messages.origin_id, _messages.contact_id, _messages.id, _messages.accepted_at, _messages.mail_id)
    .where(
        _messages.origin == "enrolment",
        among(_messages.origin_id, "runs"),
        _messages.channel == "email",
        _messages.state == status.ACCEPTED,
        _messages.mail_id.is_not(None),
    )
    .order_by(_messages.accepted_at, _messages.id)
)


def kept_place(*, follows: bool) -> dict[str, bool]:
    """What a message's inputs keep of its place in the run, so that the first mail of a run asks for nothing."""
    return {FOLLOWS: True} if follows else {}


def load_threads(session: Session, rows: Iterable[Any]) -> dict[int, tuple[str, ...]]:
    """By message the Message-IDs of the mails before it, the oldest first; one statement, none for first mails."""
    asked = [row for row in rows if row.channel == "email" and row.origin == "enrolment" and row.inputs.get(FOLLOWS)]
    if not asked:
        return {}
    earlier: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for sent in session.execute(_EARLIER, {"runs": list({row.origin_id for row in asked})}):
        earlier[sent.origin_id, sent.contact_id].append(sent)
    return {row.id: _before(row, earlier[row.origin_id, row.contact_id]) for row in asked}


def thread_headers(before: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What mail programs need to show a mail beside those before it."""
    if not before:
        return ()
    named = before if len(before) <= MOST else (before[0], *before[-(MOST - 1) :])
    return ("In-Reply-To", before[-1]), ("References", " ".join(named))


def _before(row: Any, sent: Iterable[Any]) -> tuple[str, ...]:
    """Those that had gone when this one was handed over."""
    return tuple(
        one.mail_id
        for one in sent
        if one.id < row.id and (row.accepted_at is None or one.accepted_at <= row.accepted_at)
    )
