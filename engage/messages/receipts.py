"""What providers tell later: each receipt once, the delivery state by rank; bounces and complaints stop the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.orm import Session

from engage.channels.base import Receipt as ProviderReceipt
from engage.db.bulk import insert_ignore
from engage.keys import address_key
from engage.messages import status
from engage.messages.copies import Copied, load_copied
from engage.messages.news import tell
from engage.messages.refusing import Refusal, pass_on_refusals
from engage.messages.suppressing import ALL_TOPICS, Stopped, suppress
from engage.messages.tables import Message, Receipt

_TOLD = ("delivered", "bounced", "dropped", "complained", "unsubscribed")
_TABLE: Any = Message.__table__
_BASES: Final = {"complained": "complaint", "unsubscribed": "unsubscribe"}
_PROOFS = frozenset(status.DELIVERY_RANKS) - {"none"}
_PROVES_HANDOVER = status.sources_of(status.ACCEPTED)


def record_receipts(session: Session, receipts: Sequence[ProviderReceipt], *, now: datetime) -> int:
    """Applies the receipts that are new, in whatever order and however often they come; says how many were new."""
    messages = _locked(session, {receipt.message_id for receipt in receipts if receipt.message_id})
    fresh = _store(session, receipts, messages, now)
    of_ours = [receipt for receipt in fresh if receipt.message_id in messages]
    own = [receipt for receipt in of_ours if _is_about_reader(receipt, messages)]
    _raise(session, own, messages)
    _end_doubt(session, of_ours, messages, now)
    _suppress(session, fresh, messages, now)
    _refuse(session, of_ours, messages, now)
    for kind in _TOLD:
        told = {r.message_id: messages[r.message_id] for r in own if r.kind == kind and r.message_id}
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
    is_erased = _is_of_erased(message)
    return {
        "provider": receipt.provider,
        "natural_key": receipt.natural_key,
        "message_id": message.id if message else None,
        "kind": receipt.kind,
        "at": receipt.at,
        "received_at": now,
        "reason": None if is_erased else receipt.reason,
        "raw": {} if is_erased else receipt.raw,
    }


def _is_of_erased(message: Row[Any] | None) -> bool:
    """Whether its reader was erased after it had gone: what comes back late writes no address down again."""
    return message is not None and message.fence > 0 and message.address is None


def _is_about_reader(receipt: ProviderReceipt, messages: dict[str, Row[Any]]) -> bool:
    """Whether a receipt is about the message's own address; what became of a copy is not what became of the mail."""
    message = messages[receipt.message_id or ""]
    if receipt.address is None or message.address is None or not message.cc:
        return True
    return address_key(receipt.address) == address_key(message.address)


def _raise(session: Session, receipts: Sequence[ProviderReceipt], messages: dict[str, Row[Any]]) -> None:
    """Raises each message's delivery state by rank."""
    delivery = {public_id: row.delivery for public_id, row in messages.items()}
    for receipt in receipts:
        if receipt.message_id and receipt.kind in status.DELIVERY_RANKS:
            delivery[receipt.message_id] = status.later_delivery(delivery[receipt.message_id], receipt.kind)
    changed = [messages[public_id] for public_id in delivery if delivery[public_id] != messages[public_id].delivery]
    if changed:
        session.execute(_RAISE, [{"of": row.id, "to": delivery[row.public_id]} for row in changed])


def _end_doubt(
    session: Session, receipts: Sequence[ProviderReceipt], messages: dict[str, Row[Any]], now: datetime
) -> None:
    """Whoever sends a receipt had the message, be it about a copy."""
    seen = {receipt.message_id: messages[receipt.message_id or ""] for receipt in receipts if receipt.kind in _PROOFS}
    proved = [row for row in seen.values() if row.state in _PROVES_HANDOVER]
    if proved:
        session.execute(_PROVE, [{"of": row.id, "now": now} for row in proved])
        tell(session, "accepted", [row for row in proved if row.wakes], now=now)


def _refuse(
    session: Session, receipts: Sequence[ProviderReceipt], messages: dict[str, Row[Any]], now: datetime
) -> None:
    """What the reader of the mail or of a copy told the provider holds for them, whatever address they have later."""
    asked = [receipt for receipt in receipts if receipt.kind in _BASES]
    copied = load_copied(session, (key for receipt in asked for key in messages[receipt.message_id or ""].cc))
    refusals = [
        _refusal(receipt, messages, contact_id)
        for receipt in asked
        for contact_id in _readers(receipt, messages, copied)
    ]
    if refusals:
        pass_on_refusals(session, refusals, now=now)


def _refusal(receipt: ProviderReceipt, messages: dict[str, Row[Any]], contact_id: int) -> Refusal:
    message = messages[receipt.message_id or ""]
    return Refusal(
        message_id=message.public_id,
        account_id=message.account_id,
        contact_id=contact_id,
        topic=_topic_to_stop(receipt, messages) or ALL_TOPICS,
        basis=_BASES[receipt.kind],
        source=receipt.provider,
        at=receipt.at,
        said_by=receipt.provider,
    )


def _readers(receipt: ProviderReceipt, messages: dict[str, Row[Any]], copied: Mapping[int, Copied]) -> list[int]:
    """Whose word a receipt is: the addressee's, or that of those who got a copy at this address."""
    message = messages[receipt.message_id or ""]
    if _is_about_reader(receipt, messages):
        return [message.contact_id]
    key = address_key(receipt.address or "")
    return [one for one in message.cc if one in copied and copied[one].address_key == key]


def _suppress(
    session: Session, receipts: Sequence[ProviderReceipt], messages: dict[str, Row[Any]], now: datetime
) -> None:
    stopped = [
        Stopped(
            address_key(address), topic, receipt.kind, receipt.provider, receipt.at,
            by=receipt.provider, message=receipt.message_id, proof={"receipt": receipt.natural_key},
        )
        for receipt in receipts
        if (topic := _topic_to_stop(receipt, messages)) and (address := _address(receipt, messages))
        if not _is_of_erased(messages.get(receipt.message_id or ""))
    ]  # fmt: skip
    suppress(session, stopped)


def _topic_to_stop(receipt: ProviderReceipt, messages: dict[str, Row[Any]]) -> str | None:
    if receipt.kind in ("bounced", "complained"):
        return ALL_TOPICS
    if receipt.kind == "unsubscribed":
        message = messages.get(receipt.message_id or "")
        return receipt.topic or (message.topic if message else ALL_TOPICS)
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
