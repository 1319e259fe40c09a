"""What some people and customers heard from us of late, and what waits to be sent to them: read once for many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, func, literal, not_, or_, select, text
from sqlalchemy.orm import Session

from engage.customers.tables import Contact
from engage.db.base import UtcDateTime
from engage.db.session import dialect_of
from engage.db.sets import among
from engage.events.tables import Event
from engage.messages import status
from engage.messages.candidates import STEP
from engage.messages.policy.verdicts import Reason
from engage.messages.tables import Attempt, Message

_messages, _attempts, _contacts, _events = (one.__table__.c for one in (Message, Attempt, Contact, Event))
_SINCE = bindparam("since", type_=UtcDateTime())
_IN_DOUBT = _messages.state.in_((status.SENDING, status.UNKNOWN))
_WAITS = _messages.state == status.QUEUED
_AT = case((_WAITS, _messages.due_at), else_=func.coalesce(_messages.accepted_at, _attempts.started_at))
_STEP = STEP.label("step")
# What waits for something that nobody knows the end of keeps no place.
_REASON = func.coalesce(_messages.reason, "")
_IS_STUCK = or_(*(_REASON.startswith(str(reason)) for reason in (Reason.PAUSED, Reason.GATE_CLOSED)))
_COUNTS = or_(
    and_(_WAITS, not_(_IS_STUCK)),
    _IN_DOUBT,
    and_(
        _messages.state == status.ACCEPTED,
        _messages.accepted_at > _SINCE,
        _messages.carrier_id.is_(None),  # it came in a mail that counts already
        _messages.delivery.not_in(("bounced", "dropped")),
    ),
)
_WORDS = (_messages.playbook_key, _messages.topic, _messages.purpose)
_LEDGER = Message.__table__.outerjoin(
    Attempt.__table__, and_(_IN_DOUBT, _attempts.message_id == _messages.id, _attempts.number == _messages.fence)
)
_OF_PEOPLE = (
    select(
        _messages.id,
        _messages.contact_id,
        _messages.account_id,
        _messages.channel,
        _STEP,
        *_WORDS,
        _WAITS.label("waits"),
        _AT.label("at"),
    )
    .select_from(_LEDGER)
    .where(among(_messages.contact_id, "contacts"), not_(among(_messages.id, "mine")), _COUNTS)
    .order_by(_messages.id)
)
# One row for each step, however many people it reaches: a broadcast to thousands at one customer costs no more.
_OF_ACCOUNTS = (
    select(
        func.min(_messages.id).label("id"), literal(None).label("contact_id"), _messages.account_id,
        literal(None).label("channel"), _STEP, *_WORDS,
        _WAITS.label("waits"), func.max(_AT).label("at"),
    )
    .select_from(_LEDGER)
    .where(among(_messages.account_id, "accounts"), not_(among(_messages.id, "mine")), _COUNTS)
    .group_by(_messages.account_id, _STEP, *_WORDS, _WAITS)
)  # fmt: skip
_SHARERS = select(_contacts.id, _contacts.address_key).where(among(_contacts.address_key, "addresses"))
_BY_HAND = select(_events.id, _events.name, _events.occurred_at, _events.account_id, _events.contact_id).where(
    or_(among(_events.account_id, "accounts"), among(_events.contact_id, "contacts")),
    _events.occurred_at > _SINCE,
    among(_events.name, "names"),
)
# In their order, so that two workers cannot wait for each other; nobody else takes such locks.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(CAST(:names AS text[])) AS name")


@dataclass(frozen=True, slots=True)
class Touch:
    """One time that somebody heard from us, or is to: for a person each message counts, for an account each step."""

    message_id: int | None  # None: a colleague's own doing
    person: str
    account_id: int | None
    step: str
    at: datetime
    waits: bool = False
    is_mail: bool = False
    rank: tuple[int, int] = (0, 0)  # lower comes first among those that wait


def hold_budgets(session: Session, names: Iterable[str]) -> None:
    """Until the commit nobody else may send to these; SQLite has one writer anyway."""
    wanted = sorted(set(names))
    if wanted and dialect_of(session) == "postgresql":
        session.execute(_LOCK, {"names": wanted})


def people_of(session: Session, contacts: Mapping[int, str]) -> dict[int, str]:
    """Everybody who shares an address with these contacts (by id, with the key of their address), as one person."""
    addresses = [key for key in contacts.values() if key]
    shared = (
        {row.id: row.address_key for row in session.execute(_SHARERS, {"addresses": addresses})} if addresses else {}
    )
    return {
        key: f"address:{address}" if address else f"contact:{key}" for key, address in {**contacts, **shared}.items()
    }


def of_people(session: Session, contacts: Iterable[int], *, mine: Sequence[int], since: datetime) -> Sequence[Any]:
    """The messages to these that were sent since, are in doubt, or wait to be sent; without those by id."""
    return session.execute(_OF_PEOPLE, {"contacts": list(contacts), "mine": mine, "since": since}).all()


def of_accounts(session: Session, accounts: Sequence[int], *, mine: Sequence[int], since: datetime) -> Sequence[Any]:
    """The same for customers, but a step once: with its first message and its latest time."""
    return session.execute(_OF_ACCOUNTS, {"accounts": accounts, "mine": mine, "since": since}).all()


def touched_by_hand(
    session: Session, accounts: Sequence[int], people: Mapping[int, str], names: Sequence[str], *, since: datetime
) -> list[Touch]:
    """What colleagues did themselves: calls, visits, mails of their own."""
    if not names:
        return []
    asked = {"accounts": accounts, "contacts": list(people), "names": list(names), "since": since}
    return [
        Touch(None, people.get(row.contact_id, ""), row.account_id, f"{row.name} {row.id}", row.occurred_at)
        for row in session.execute(_BY_HAND, asked)
    ]
