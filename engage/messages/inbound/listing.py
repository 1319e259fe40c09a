"""Mail that came in, as people look at it: a list of the newest, and all that is known of one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from engage.customers.finding import find_account
from engage.customers.tables import Account, Contact
from engage.errors import NotFoundError
from engage.messages.inbound.tables import InboundEmail, InboundRaw
from engage.messages.tables import Message
from engage.tasks.tables import Task

KINDS = ("reply", "auto_reply", "bounce", "other")
SUGGESTING = ("left", "handed_over")  # what a colleague may confirm or dismiss
_SHOWN = (
    "public_id", "received_at", "sent_at", "kind", "meaning", "from_name", "from_address", "subject", "matched_by",
    "decision",
)  # fmt: skip
_MORE = ("door", "header_id", "recipients", "text", "attachments", "findings", "decided_at", "decided_by")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedMail:
    """Which mail is asked for."""

    kind: str | None = None
    account: str | None = None
    unmatched: bool = False
    undecided: bool = False
    since: datetime | None = None


def list_inbound(session: Session, wanted: WantedMail, *, limit: int) -> list[dict[str, Any]]:
    """The newest first."""
    asked = _rows(*(getattr(InboundEmail, name) for name in _SHOWN)).order_by(InboundEmail.id.desc()).limit(limit)
    if wanted.kind is not None:
        asked = asked.where(InboundEmail.kind == wanted.kind)
    if wanted.account is not None:
        asked = asked.where(InboundEmail.account_id == find_account(session, wanted.account).id)
    if wanted.unmatched:
        asked = asked.where(InboundEmail.account_id.is_(None), InboundEmail.contact_id.is_(None))
    if wanted.undecided:
        asked = asked.where(InboundEmail.meaning.in_(SUGGESTING), InboundEmail.decided_at.is_(None))
    if wanted.since is not None:
        asked = asked.where(InboundEmail.received_at >= wanted.since)
    return [dict(row._mapping) for row in session.execute(asked)]


def show_inbound(session: Session, public_id: str) -> dict[str, Any]:
    """One mail with what was understood of it; NotFoundError where there is none of that id."""
    columns = (getattr(InboundEmail, name) for name in (*_SHOWN, *_MORE))
    row = session.execute(
        _rows(*columns, InboundRaw.size, (InboundRaw.size > func.length(InboundRaw.raw)).label("is_cut"))
        .outerjoin(InboundRaw, InboundRaw.inbound_id == InboundEmail.id)
        .where(InboundEmail.public_id == public_id)
    ).first()
    if row is None:
        raise NotFoundError("there is no such mail", where=public_id, hint="engage inbound list shows them")
    return dict(row._mapping)


def raw_of(session: Session, public_id: str) -> bytes:
    """The mail's bytes, as many as were kept; NotFoundError where none were."""
    asked = select(InboundRaw.raw).join(InboundEmail, InboundEmail.id == InboundRaw.inbound_id)
    raw = session.scalar(asked.where(InboundEmail.public_id == public_id))
    if raw is None:
        raise NotFoundError("the bytes of this mail were not kept", where=public_id)
    return bytes(raw)


def mails_behind(session: Session, task_ids: Collection[str]) -> dict[str, str]:
    """For each of these tasks that a mail has raised: that mail."""
    asked = select(Task.public_id, Task.key).where(Task.public_id.in_(task_ids), Task.key.startswith("inbound:inb_"))
    return {row.public_id: row.key.split(":")[1] for row in session.execute(asked)}


def count_unmatched(session: Session, since: datetime) -> int:
    """How many mails since then could be matched to nobody; those of robots and servers left out."""
    nobody = or_(InboundEmail.meaning == "unmatched", InboundEmail.meaning == "unread")
    counted = select(func.count()).where(nobody, InboundEmail.kind == "other", InboundEmail.received_at >= since)
    return session.scalar(counted) or 0


def _rows(*columns: Any) -> Select[Any]:
    writer = func.coalesce(Contact.external_id, Contact.public_id)
    return (
        select(
            *columns,
            Account.external_id.label("account"),
            Account.name.label("account_name"),
            writer.label("contact"),
            Message.public_id.label("message"),
            Message.playbook_key.label("playbook"),
            Message.subject.label("message_subject"),
        )
        .select_from(InboundEmail)
        .outerjoin(Account, Account.id == InboundEmail.account_id)
        .outerjoin(Contact, Contact.id == InboundEmail.contact_id)
        .outerjoin(Message, Message.id == InboundEmail.message_id)
    )
