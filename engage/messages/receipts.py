"""What providers tell later: each receipt once, the delivery state by rank, bounces and complaints to suppressions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.orm import Session

from engage.channels.base import Receipt as ProviderReceipt
from engage.db.bulk import insert_ignore
from engage.keys import address_key
from engage.messages import status
from engage.messages.news import tell
from engage.messages.tables import Message, Receipt, Suppression

ALL_TOPICS: Final = "*"
_TOLD = ("delivered", "bounced", "dropped", "complained", "unsubscribed")
_TABLE: Any = Message.__table__
_PROVES_HANDOVER = status.sources_of(status.ACCEPTED)


def record_receipts(session: Session, receipts: Sequence[ProviderReceipt], *, now: datetime) -> int:
    """Applies the receipts that are new, in whatever order and however often they come; says how many were new."""
    messages = _locked(session, {receipt.message_id for receipt in receipts if receipt.message_id})
    fresh = _store(session, receipts, messages, now)
    of_ours = [receipt for receipt in fresh if receipt.message_id in messages]
    _apply(session, of_ours, messages, now)
    _suppress(session, fresh, messages, now)
    for kind in _TOLD:
        told = {r.message_id: messages[r.message_id] for r in of_ours if r.kind == kind and r.message_id}
        tell(session, kind, told.values(), now=now)
    return len(fresh)


def _locked(session: Session, public_ids: Iterable[str]) -> dict[str, Row[Any]]:
    asked = select(_TABLE).where(Message.public_id.in_(list(public_ids))).order_by(Message.id)
    return {row.public_id: row for row in session.execute(asked.with_for_update())}


def _store(
    session: Session, receipts: Sequence[ProviderReceipt], messages: dict[str, Row[Any]], now: datetime
) -> list[ProviderReceipt]:
    once = {(receipt.provider, receipt.natural_key): receipt for receipt in receipts}
    rows = [_row(receipt, messages.get(receipt.message_id or ""), now) for receipt in once.values()]
    new = insert_ignore(session, Receipt, rows, returning=[Receipt.provider, Receipt.natural_key])
    return [once[row.provider, row.natural_key] for row in new]


def _row(receipt: ProviderReceipt, message: Row[Any] | None, now: datetime) -> dict[str, Any]:
    return {
        "provider": receipt.provider,
        "natural_key": receipt.natural_key,
        "message_id": message.id if message else None,
        "kind": receipt.kind,
        "at": receipt.at,
        "received_at": now,
        "reason": receipt.reason,
        "raw": receipt.raw,
    }


def _apply(session: Session, receipts: Sequence[ProviderReceipt], messages: dict[str, Row[Any]], now: datetime) -> None:
    """Raises each message's delivery state, and ends its doubt: whoever sends a receipt had the message."""
    delivery = {public_id: row.delivery for public_id, row in messages.items()}
    for receipt in receipts:
        if receipt.message_id and receipt.kind in status.DELIVERY_RANKS:
            delivery[receipt.message_id] = status.later_delivery(delivery[receipt.message_id], receipt.kind)
    changed = [messages[public_id] for public_id in delivery if delivery[public_id] != messages[public_id].delivery]
    if changed:
        session.execute(_RAISE, [{"of": row.id, "to": delivery[row.public_id]} for row in changed])
    proved = [row for row in changed if row.state in _PROVES_HANDOVER]
    if proved:
        session.execute(_PROVE, [{"of": row.id, "now": now} for row in proved])
        tell(session, "accepted", [row for row in proved if row.wakes], now=now)


def _suppress(
    session: Session, receipts: Sequence[ProviderReceipt], messages: dict[str, Row[Any]], now: datetime
) -> None:
    rows = [
        {"address_key": address_key(address), "topic": topic, "reason": receipt.kind, "source": receipt.provider,
         "at": receipt.at}
        for receipt in receipts
        if (topic := _topic_to_stop(receipt, messages)) and (address := _address(receipt, messages))
    ]  # fmt: skip
    insert_ignore(session, Suppression, rows)


def _topic_to_stop(receipt: ProviderReceipt, messages: dict[str, Row[Any]]) -> str | None:
    if receipt.kind in ("bounced", "complained"):
        return ALL_TOPICS
    if receipt.kind == "unsubscribed":
        message = messages.get(receipt.message_id or "")
        return message.topic if message else ALL_TOPICS
    return None


def _address(receipt: ProviderReceipt, messages: dict[str, Row[Any]]) -> str | None:
    """The address the provider names (a copy may have bounced, not the recipient), else the message's own."""
    message = messages.get(receipt.message_id or "")
    return receipt.address or (message.address if message else None)


_RAISE = update(_TABLE).where(_TABLE.c.id == bindparam("of")).values(delivery=bindparam("to"))
_PROVE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("of"))
    .values(
        state=status.ACCEPTED, accepted_at=bindparam("now"), ended_at=bindparam("now"),
        due_at=None, lease_until=None, reason=None,
    )
)  # fmt: skip
