"""Writes news for our own side down, once by key, for the next delivery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.db.session import nudge
from engage.ids import new_id
from engage.notices.tables import Notice

Kind = Literal["mail", "slack", "webhook"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """News for one role, Slack channel or webhook; or a letter `about` a kind of news, to a colleague or the team."""

    key: str
    kind: Kind
    target: str
    account_id: int | None
    playbook_key: str
    content: Mapping[str, Any]
    staff_id: int | None = None
    about: str | None = None


def raise_notices(session: Session, notices: Sequence[NewNotice], *, now: datetime) -> int:
    """Notes each piece of news; how many were new."""
    rows = [
        {
            "public_id": new_id("ntc"),
            "key": one.key,
            "kind": one.kind,
            "target": one.target,
            "staff_id": one.staff_id,
            "about": one.about,
            "account_id": one.account_id,
            "playbook_key": one.playbook_key,
            "content": dict(one.content),
            "state": "queued",
            "fence": 0,
            "due_at": now,
            "created_at": now,
        }
        for one in notices
    ]
    written = len(insert_ignore(session, Notice, rows, returning=[Notice.id]))
    if written:
        nudge(session, "notices")
    return written
