"""A person stops mail to an address, or lets it have mail again; both with a reason, kept in the audit trail."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engage.channels.email.addresses import UnsendableError, wire_address
from engage.errors import ConflictError, InputError, NotFoundError
from engage.keys import address_key
from engage.language.guessing import way_out
from engage.messages.suppressing import ALL_TOPICS, BY_HAND, Stopped, suppress
from engage.messages.tables import SharedSuppression, Suppression
from engage.releases.library import Library
from engage.staff.audit import entries_about, record

OBJECT: Final = "suppression"
_SHOWN = ("address_key", "topic", "reason", "source", "at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which suppressions to list; None asks for nothing in particular."""

    address: str | None = None
    reason: str | None = None
    topic: str | None = None


def stop_address(
    session: Session, library: Library, address: str, topic: str, *, by: str, why: str, now: datetime
) -> None:
    """From this commit on the address gets no mail of the topic, or none at all (`*`)."""
    key = _key_of(address)
    _insist_on_reason(why)
    _insist_on_topic(session, library, topic)
    if session.get(Suppression, (key, topic)) is not None:
        raise ConflictError(f"{address} is stopped already", hint=f"engage suppressions list {address}")
    suppress(session, [Stopped(key, topic, BY_HAND, by, now)])
    _note(session, "suppressions.add", key, {"topic": topic, "why": why.strip()}, by, now)


def let_go(session: Session, address: str, topic: str, *, by: str, why: str, now: datetime) -> None:
    """The address may have mail again; what a person has refused for themselves stays refused."""
    key = _key_of(address)
    _insist_on_reason(why)
    mine = (Suppression.address_key == key, Suppression.topic == topic)
    gone = session.execute(delete(Suppression).where(*mine).returning(Suppression.reason)).first()
    if gone is None:
        raise NotFoundError(f"{address} is not stopped for {topic}", hint=f"engage suppressions list {address}")
    shared = (SharedSuppression.address_key == key, SharedSuppression.topic == topic)
    session.execute(delete(SharedSuppression).where(*shared))
    detail = {"topic": topic, "reason": gone.reason, "why": why.strip()}
    _note(session, "suppressions.remove", key, detail, by, now)


def list_stopped(session: Session, asked: Asked, *, limit: int) -> list[dict[str, Any]]:
    """The newest suppressions of those that are asked for."""
    found = select(Suppression).order_by(Suppression.at.desc(), Suppression.address_key, Suppression.topic)
    if asked.address is not None:
        found = found.where(Suppression.address_key == address_key(asked.address))
    if asked.reason is not None:
        found = found.where(Suppression.reason == asked.reason)
    if asked.topic is not None:
        found = found.where(Suppression.topic == asked.topic)
    return [{name: getattr(row, name) for name in _SHOWN} for row in session.scalars(found.limit(limit))]


def history_of(session: Session, address: str) -> Sequence[Any]:
    """What people did about an address, oldest first."""
    return entries_about(session, OBJECT, fingerprint_of(address_key(address)))


def fingerprint_of(key: str) -> str:
    """Under what the audit trail keeps what people did about an address."""
    return hashlib.sha256(key.encode("utf-8")).hexdigest()[:32]


def _key_of(address: str) -> str:
    try:
        wire_address(address.strip())
    except UnsendableError as error:
        raise InputError(str(error), where=address) from None
    return address_key(address)


def _insist_on_reason(why: str) -> None:
    if not why.strip():
        raise InputError("say why: whoever looks at the address later asks the same", code="no_reason")


def _insist_on_topic(session: Session, library: Library, topic: str) -> None:
    known = library.vocabulary(session).topics
    if topic != ALL_TOPICS and topic not in known:
        raise NotFoundError(f"there is no topic {topic}", hint=way_out(topic, known, "* stands for all mail"))


def _note(session: Session, action: str, key: str, detail: dict[str, Any], by: str, now: datetime) -> None:
    """The audit trail keeps no addresses; who knows the address finds its entries by the fingerprint."""
    record(session, actor=by, action=action, object_kind=OBJECT, object_id=fingerprint_of(key), detail=detail, now=now)
