"""Reading the ledger: lists by state, and everything known of one message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.errors import NotFoundError
from engage.messages.tables import Attempt, GateCheck, Message, Receipt

_LISTED = (
    "public_id", "state", "delivery", "channel", "playbook_key", "step_id", "template_name", "locale", "address",
    "due_at", "accepted_at", "reason",
)  # fmt: skip
_SHOWN = (*_LISTED, "origin", "origin_id", "visit", "topic", "purpose", "subject", "fence", "sha", "created_at",
          "ended_at")  # fmt: skip
_ATTEMPT = ("number", "provider", "started_at", "ended_at", "outcome", "provider_id", "detail")
_CHECK = ("at", "phase", "verdict", "policy", "reason", "until")
_RECEIPT = ("at", "received_at", "provider", "kind", "reason")


def list_messages(
    session: Session, *, state: str | None = None, playbook: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """The newest messages, of one state or one playbook if asked."""
    asked = select(*(getattr(Message, name) for name in _LISTED)).order_by(Message.id.desc()).limit(limit)
    if state is not None:
        asked = asked.where(Message.state == state)
    if playbook is not None:
        asked = asked.where(Message.playbook_key == playbook)
    return [dict(row) for row in session.execute(asked).mappings()]


def show_message(session: Session, public_id: str) -> dict[str, Any]:
    """One message with its attempts, the gate's answers and the provider's receipts, in order."""
    message = session.scalar(select(Message).where(Message.public_id == public_id))
    if message is None:
        raise NotFoundError("there is no such message", where=public_id, hint="engage messages list shows their ids")
    return {
        **_said(message, _SHOWN),
        "attempts": _of(session, Attempt, message.id, _ATTEMPT, Attempt.number),
        "gate": _of(session, GateCheck, message.id, _CHECK, GateCheck.id),
        "receipts": _of(session, Receipt, message.id, _RECEIPT, Receipt.at),
    }


def _of(session: Session, table: Any, message_id: int, names: Sequence[str], order: Any) -> list[dict[str, Any]]:
    rows = session.scalars(select(table).where(table.message_id == message_id).order_by(order))
    return [_said(row, names) for row in rows]


def _said(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
