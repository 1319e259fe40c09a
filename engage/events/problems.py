"""Messages that could not be taken: kept with reason and place, listed newest first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from engage.events.tables import EventProblem

_MOST_KEPT_CHARS = 4_000


@dataclass(frozen=True, slots=True)
class Refused:
    """One message that was not taken: why, where it stood, and what it said."""

    code: str
    reason: str
    place: str
    body: object


@dataclass(frozen=True, slots=True)
class KeptProblem:
    """A refused message as it is listed."""

    id: int
    source_id: int
    received_at: datetime
    code: str
    reason: str
    place: str
    body: dict[str, Any]


def keep_problems(session: Session, source_id: int, refused: Sequence[Refused], *, received_at: datetime) -> None:
    """Keeps refused messages, so that `engage events problems` can show them."""
    if refused:
        session.execute(insert(EventProblem), [_row(source_id, problem, received_at) for problem in refused])


def list_problems(session: Session, *, limit: int, code: str | None = None) -> list[KeptProblem]:
    """The newest refused messages, of one code or of all."""
    kept = [getattr(EventProblem, name) for name in KeptProblem.__slots__]
    query = select(*kept).order_by(EventProblem.id.desc()).limit(limit)
    if code is not None:
        query = query.where(EventProblem.code == code)
    return [KeptProblem(*row) for row in session.execute(query)]


def _row(source_id: int, problem: Refused, received_at: datetime) -> dict[str, Any]:
    return {
        "source_id": source_id,
        "received_at": received_at,
        "code": problem.code,
        "reason": problem.reason.encode("utf-8", "backslashreplace").decode().replace("\0", ""),
        "place": problem.place,
        "body": _kept(problem.body),
    }


def _kept(body: object) -> dict[str, Any]:
    """The message if every database can store it, else its beginning as plain escaped text."""
    try:
        plain = json.dumps(body, allow_nan=False, ensure_ascii=False)
        plain.encode()
    except (ValueError, RecursionError):
        return {"text": _beginning(body)}
    if isinstance(body, dict) and len(plain) <= _MOST_KEPT_CHARS and "\\u0000" not in plain:
        return body
    return {"text": _beginning(body)}


def _beginning(body: object) -> str:
    try:
        return json.dumps(body)[:_MOST_KEPT_CHARS]
    except RecursionError:
        return "(nested too deep to show)"
