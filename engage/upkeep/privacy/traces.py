"""What tells a person: their ids, addresses and names, and the words that they said, wherever these were copied to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from engage.customers.finding import absorbed_into
from engage.customers.loading import ANONYMOUS
from engage.customers.tables import ConsentRecord, Contact, ContactAlias, Membership
from engage.db.sets import one_of
from engage.events.tables import Event
from engage.journeys.tables import Enrolment
from engage.keys import address_key
from engage.messages.tables import Message
from engage.surveys.tables import Answer

_SHORTEST_SAID = 5  # a shorter text may be anybody's
_CODE = re.compile(r"[A-Za-z0-9_.:/+-]*")
_WORD = re.compile(r"[A-Za-z_.:/+-]*")
_NAMES = ("family_name", "given_name", "family_reading", "given_reading")
_OF_ANYBODY = frozenset({
    "roles", "role", "locale", "language", "timezone", "time_zone", "timeZone", "consents", "department", "title",
    "position", "jobTitle", "job_title", "merged_into",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Traces:
    """One person: the contacts that they were, and everything by which they can be told."""

    contact: Contact
    contact_ids: tuple[int, ...]
    public_ids: frozenset[str]
    user_ids: frozenset[str]
    addresses: frozenset[str]  # theirs alone, as suppressions compare them
    shared: Mapping[str, tuple[str, ...]]  # addresses at which others are written to as well, and who they are
    full_names: frozenset[str]
    names: frozenset[str]  # that nobody else at their customers has
    said: frozenset[str]  # free texts by them and about them
    account_ids: tuple[int, ...]
    message_ids: tuple[int, ...]
    enrolment_ids: tuple[int, ...]  # of which they are the subject
    event_ids: frozenset[int]


def traces_of(session: Session, contact: Contact) -> Traces:
    """Everything that tells this person."""
    contacts = [contact, *absorbed_into(session, contact)]
    ids = tuple(one.id for one in contacts)
    user_ids = _user_ids(session, contacts)
    events = session.scalars(select(Event).where(is_theirs(ids, user_ids))).all()
    accounts = _accounts(session, ids, events)
    messages = session.execute(select(Message.id, Message.address).where(one_of(Message.contact_id, ids))).all()
    addresses = _addresses(session, contacts, events, [row.address for row in messages])
    shared = _shared(session, addresses, ids)
    runs = or_(
        one_of(Enrolment.contact_id, ids),
        (Enrolment.subject_kind == "contact") & one_of(Enrolment.subject_id, ids),
    )
    return Traces(
        contact=contact,
        contact_ids=ids,
        public_ids=frozenset(one.public_id for one in contacts),
        user_ids=frozenset(user_ids),
        addresses=addresses - shared.keys(),
        shared=shared,
        full_names=frozenset(_full_names(contacts)),
        names=_names_alone(session, contacts, accounts, ids),
        said=frozenset(_said(session, contacts, events, ids)),
        account_ids=accounts,
        message_ids=tuple(row.id for row in messages),
        enrolment_ids=tuple(session.scalars(select(Enrolment.id).where(runs))),
        event_ids=frozenset(event.id for event in events),
    )


def is_theirs(contact_ids: Iterable[int], user_ids: Iterable[str]) -> ColumnElement[bool]:
    """Whether an event is about these contacts, or was told under one of their ids."""
    ids = set(user_ids)
    return or_(one_of(Event.contact_id, contact_ids), one_of(Event.user_id, ids), one_of(Event.anonymous_id, ids))


def _user_ids(session: Session, contacts: Iterable[Contact]) -> set[str]:
    """Every id by which their customers' systems, and browsers, called this person."""
    asked = select(ContactAlias.external_id).where(one_of(ContactAlias.contact_id, (one.id for one in contacts)))
    known = {one.external_id for one in contacts if one.external_id}
    return known | {alias.removeprefix(ANONYMOUS) for alias in session.scalars(asked)}


def _accounts(session: Session, ids: Iterable[int], events: Iterable[Event]) -> tuple[int, ...]:
    members = session.scalars(select(Membership.account_id).where(one_of(Membership.contact_id, ids)))
    return tuple(sorted({*members, *(event.account_id for event in events if event.account_id is not None)}))


def _addresses(
    session: Session, contacts: Iterable[Contact], events: Iterable[Event], written_to: Iterable[str | None]
) -> frozenset[str]:
    """Every address that was ever theirs."""
    ids = [one.id for one in contacts]
    proven = session.scalars(select(ConsentRecord.address).where(one_of(ConsentRecord.contact_id, ids)))
    told = (event.properties.get("email") for event in events if event.type == "identify")
    found = (*(one.email for one in contacts), *written_to, *proven, *told)
    return frozenset(address_key(one) for one in found if isinstance(one, str) and "@" in one)


def _full_names(contacts: Iterable[Contact]) -> Iterator[str]:
    for one in contacts:
        if one.full_name:
            yield one.full_name
        for family, given in ((one.family_name, one.given_name), (one.family_reading, one.given_reading)):
            if family and given:
                yield from (f"{family}{given}", f"{family} {given}", f"{family}\u3000{given}", f"{given} {family}")


def _names_alone(
    session: Session, contacts: Iterable[Contact], accounts: Iterable[int], ids: Iterable[int]
) -> frozenset[str]:
    """The names of theirs that tell nobody else at the same customers."""
    mine = {name for one in contacts for name in (getattr(one, column) for column in _NAMES) if name}
    columns = [getattr(Contact, column) for column in _NAMES]
    others = select(*columns).join(Membership, Membership.contact_id == Contact.id)
    here = others.where(one_of(Membership.account_id, accounts), ~one_of(Contact.id, ids))
    taken = {name for row in session.execute(here) for name in row if name}
    return frozenset(mine - taken)


def _said(session: Session, contacts: Iterable[Contact], events: Iterable[Event], ids: Iterable[int]) -> Iterator[str]:
    """What was said by them and about them in words of their own; the name of a feature or a plan is no such."""
    comments = session.scalars(select(Answer.comment).where(one_of(Answer.contact_id, ids)))
    yield from (said for said in comments if said and len(said) >= _SHORTEST_SAID)
    for one in contacts:
        yield from _texts(one.traits, left_out=_WORD)
    for event in events:
        if event.type != "group":
            yield from _texts(event.properties, left_out=_WORD if event.type == "identify" else _CODE)


def _texts(value: Any, *, left_out: re.Pattern[str]) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in _OF_ANYBODY:
                yield from _texts(inner, left_out=left_out)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, left_out=left_out)
    elif isinstance(value, str) and len(value) >= _SHORTEST_SAID and not left_out.fullmatch(value):
        yield value


def _shared(session: Session, addresses: Iterable[str], ids: Iterable[int]) -> dict[str, tuple[str, ...]]:
    """Those of the addresses that others have, too."""
    columns = (Contact.address_key, Contact.external_id, Contact.public_id)
    others = select(*columns).where(one_of(Contact.address_key, addresses), ~one_of(Contact.id, ids))
    found: dict[str, tuple[str, ...]] = {}
    for row in session.execute(others.order_by(Contact.id)):
        key = row.address_key or ""
        found[key] = (*found.get(key, ()), row.external_id or row.public_id)
    return found
