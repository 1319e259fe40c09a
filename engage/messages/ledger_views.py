"""Reading the ledger: lists by what is asked, and everything known of one message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.channels.in_app.states import STATES
from engage.channels.in_app.tables import InAppItem
from engage.customers.tables import Account
from engage.db.sets import one_of
from engage.errors import NotFoundError
from engage.messages.tables import Approval, Attempt, Click, ClickVerdict, GateCheck, Message, Receipt
from engage.staff.audit import entries_about
from engage.staff.tables import StaffMember

_LISTED = (
    "public_id", "state", "delivery", "channel", "playbook_key", "step_id", "template_name", "locale", "address",
    "created_at", "due_at", "accepted_at", "reason",
)  # fmt: skip
_SHOWN = (*_LISTED, "origin", "origin_id", "visit", "topic", "purpose", "template_version_id", "subject", "fence",
          "sha", "link_base", "mail_id", "lease_until", "ended_at")  # fmt: skip
_ATTEMPT = ("number", "provider", "domain", "started_at", "ended_at", "outcome", "provider_id", "detail")
_CHECK = ("at", "phase", "verdict", "policy", "reason", "until", "inputs")
_RECEIPT = ("at", "received_at", "provider", "kind", "reason", "natural_key", "raw")
_APPROVAL = (
    "public_id",
    "cause",
    "state",
    "asked_at",
    "expires_at",
    "decided_at",
    "reason",
    "sha",
    "version",
    "edited",
)
_CLICK = ("at", "url", "method", "network", "user_agent")
_VERDICT = ("verdict", "reasons", "at")
_AUDIT = ("at", "actor", "action", "detail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which messages to list; None asks for nothing in particular."""

    state: str | None = None
    account: str | None = None  # its external or public id
    playbook: str | None = None
    since: datetime | None = None  # written then or later


def list_messages(session: Session, wanted: Wanted, *, limit: int = 50) -> list[dict[str, Any]]:
    """The newest messages of those that are wanted."""
    asked = select(*(getattr(Message, name) for name in _LISTED), Account.external_id.label("account"))
    asked = asked.outerjoin(Account, Account.id == Message.account_id).order_by(Message.id.desc()).limit(limit)
    if wanted.state is not None:
        asked = asked.where(Message.state == wanted.state)
    if wanted.account is not None:
        asked = asked.where(Message.account_id == _account_id(session, wanted.account))
    if wanted.playbook is not None:
        asked = asked.where(Message.playbook_key == wanted.playbook)
    if wanted.since is not None:
        asked = asked.where(Message.created_at >= wanted.since)
    return [{name: _plain(value) for name, value in row.items()} for row in session.execute(asked).mappings()]


def show_message(session: Session, public_id: str) -> dict[str, Any]:
    """One message with all that was decided, tried, told and done about it, each in order."""
    message = the_message(session, public_id)
    return {
        **_said(message, _SHOWN),
        "gate": _of(session, GateCheck, message.id, _CHECK, GateCheck.id),
        "approvals": _approvals(session, message.id),
        "attempts": _of(session, Attempt, message.id, _ATTEMPT, Attempt.number),
        "receipts": _of(session, Receipt, message.id, _RECEIPT, Receipt.at),
        "clicks": [_plain(click) for click in clicks_of(session, [message.id])[message.id]],
        "in_product": _in_product(session, message.id),
        "resolved": [_said(entry, _AUDIT) for entry in entries_about(session, "message", public_id)],
    }


def _in_product(session: Session, message_id: int) -> list[dict[str, Any]]:
    """What became of it in its reader's inbox, in the order of time."""
    item = session.scalar(select(InAppItem).where(InAppItem.message_id == message_id))
    if item is None:
        return []
    until = f", until {item.expires_at:%Y-%m-%d %H:%M} UTC" if item.expires_at else ""
    shown = f"put into the inbox as {item.display}{until}"
    reached = [(at, name) for name in STATES if (at := getattr(item, f"{name}_at")) is not None]
    return [{"at": _plain(at), "what": what} for at, what in [(item.created_at, shown), *sorted(reached)]]


def clicks_of(session: Session, message_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Every click on each of these messages in order, with its verdicts; the last one holds."""
    asked = select(Click).where(one_of(Click.message_id, message_ids)).order_by(Click.id)
    clicks = session.scalars(asked).all()
    judged = select(ClickVerdict).where(one_of(ClickVerdict.click_id, (click.id for click in clicks)))
    verdicts = defaultdict[int, list[dict[str, Any]]](list)
    for row in session.scalars(judged.order_by(ClickVerdict.id)) if clicks else ():
        verdicts[row.click_id].append({name: getattr(row, name) for name in _VERDICT})
    found = defaultdict[int, list[dict[str, Any]]](list)
    for click in clicks:
        said = {name: getattr(click, name) for name in _CLICK}
        found[click.message_id].append(said | {"verdicts": verdicts[click.id]})
    return found


def the_message(session: Session, public_id: str) -> Message:
    """The message with this public id."""
    message = session.scalar(select(Message).where(Message.public_id == public_id))
    if message is None:
        raise NotFoundError("there is no such message", where=public_id, hint="engage messages list shows their ids")
    return message


def _account_id(session: Session, word: str) -> int:
    found = session.scalar(select(Account.id).where((Account.external_id == word) | (Account.public_id == word)))
    if found is None:
        raise NotFoundError("there is no such account", where=word, hint="write its id as your systems have it")
    return found


def _approvals(session: Session, message_id: int) -> list[dict[str, Any]]:
    decider = StaffMember.email.label("decided_by")
    asked = select(Approval, decider).outerjoin(StaffMember, StaffMember.id == Approval.decided_by_id)
    rows = session.execute(asked.where(Approval.message_id == message_id)).all()
    return [_said(row[0], _APPROVAL) | {"decided_by": row.decided_by} for row in rows]


def _of(session: Session, table: Any, message_id: int, names: Sequence[str], order: Any) -> list[dict[str, Any]]:
    rows = session.scalars(select(table).where(table.message_id == message_id).order_by(order))
    return [_said(row, names) for row in rows]


def _said(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case list():
            return [_plain(one) for one in value]
    return value
