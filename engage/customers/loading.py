"""Loads the picture that a chunk of events needs: a fixed number of statements, whatever the chunk holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import DeclarativeBase, Session

from engage.customers.picture import (
    Attribution,
    KeptAccount,
    KeptContact,
    KeptContract,
    KeptMembership,
    Picture,
)
from engage.customers.tables import Account, Consent, Contact, ContactAlias, Contract, Membership
from engage.db.sets import one_of
from engage.events.tables import Event
from engage.events.timeline import EventRow
from engage.staff.tables import StaffMember

ANONYMOUS = "anonymous:"
CONTACT_LEFT = "contact.left"
CONSENT_EVENTS = ("consent.granted", "consent.withdrawn", "unsubscribed")
OWNER_TRAITS = {"csm": ("csm_email", "csm"), "sales": ("sales_email", "sales")}


def columns_of(table: type[DeclarativeBase]) -> tuple[Any, ...]:
    """The columns of a table, to be read without making objects."""
    return tuple(table.__table__.c)


_Columns = Callable[[type[DeclarativeBase]], tuple[Any, ...]]

_DESCRIBING = ("identify", "group", "alias")
# What tells who is who: enough to attribute an event.
_WHO: dict[type[DeclarativeBase], tuple[Any, ...]] = {
    Account: (Account.id, Account.external_id),
    Contact: (Contact.id, Contact.external_id),
    Membership: (Membership.id, Membership.contact_id, Membership.account_id, Membership.since, Membership.until),
}


def load_picture(session: Session, events: Sequence[EventRow]) -> Picture:
    """Everything in the store that these events may touch.

    Events that describe nobody only ask who is who: then accounts and contacts come without what is known of them.
    """
    picture = Picture()
    describing = any(event.type in _DESCRIBING or event.name == CONTACT_LEFT for event in events)
    columns = columns_of if describing else _WHO.__getitem__
    _load_contacts(session, picture, events, columns)
    _load_accounts(session, picture, events, columns)
    _load_memberships(session, picture, columns)
    _load_contracts(session, picture, events)
    _load_consents(session, picture, events)
    _load_of_nobody(session, picture, events)
    _load_staff(session, picture, events)
    return picture


def _rows(session: Session, query: Select[Any]) -> Iterable[dict[str, Any]]:
    result = session.execute(query)
    names = tuple(result.keys())
    return (dict(zip(names, row, strict=True)) for row in result)


def contact_keys(event: EventRow) -> list[str]:
    """Every id by which a contact may be known in an event."""
    keys = [event.user_id] if event.user_id else []
    if event.anonymous_id:
        keys.append(ANONYMOUS + event.anonymous_id)
    if event.type == "alias" and (previous := event.properties.get("previousId")):
        keys += [str(previous), ANONYMOUS + str(previous)]
    return keys


def _looks_again(event: EventRow) -> bool:
    """Whether an event whose contact is known still needs it: for an account, or for what it consents to."""
    return event.account_id is None or event.name in CONSENT_EVENTS


def _load_contacts(session: Session, picture: Picture, events: Sequence[EventRow], columns: _Columns) -> None:
    keys = {key for event in events for key in contact_keys(event)}
    known_ids = {event.contact_id for event in events if event.contact_id is not None and _looks_again(event)}
    if not keys and not known_ids:
        return
    asked = select(ContactAlias.external_id, ContactAlias.contact_id).where(one_of(ContactAlias.external_id, keys))
    aliases = {row.external_id: row.contact_id for row in session.execute(asked)}
    wanted = or_(one_of(Contact.external_id, keys), one_of(Contact.id, {*aliases.values(), *known_ids}))
    for values in _rows(session, select(*columns(Contact)).where(wanted)):
        contact = KeptContact(values, id=values.pop("id"))
        picture.contacts_by_id[contact.id] = contact
        picture.contacts[values["external_id"] or f"id:{contact.id}"] = contact
    if any(event.type == "alias" for event in events):  # a contact that is absorbed takes all its ids along
        every = select(ContactAlias.external_id, ContactAlias.contact_id)
        rows = session.execute(every.where(one_of(ContactAlias.contact_id, picture.contacts_by_id)))
        aliases |= {row.external_id: row.contact_id for row in rows}
    for external_id, contact_id in aliases.items():
        picture.contacts[external_id] = picture.contacts_by_id[contact_id]


def account_key(event: EventRow) -> str | None:
    """The external id of the account that an event names."""
    if event.group_id:
        return event.group_id
    said = event.properties.get("account_id") or event.properties.get("group_id")
    return str(said) if said and event.name.startswith("contract.") else None


def _load_accounts(session: Session, picture: Picture, events: Sequence[EventRow], columns: _Columns) -> None:
    keys = {key for event in events if (key := account_key(event))}
    if keys:
        for values in _rows(session, select(*columns(Account)).where(one_of(Account.external_id, keys))):
            account = KeptAccount(values, id=values.pop("id"))
            picture.accounts[values["external_id"]] = account


def _load_memberships(session: Session, picture: Picture, columns: _Columns) -> None:
    if not picture.contacts_by_id:
        return
    by_id = {account.id: account for account in picture.accounts.values()}
    asked = select(*columns(Membership)).where(one_of(Membership.contact_id, picture.contacts_by_id))
    for values in _rows(session, asked.order_by(Membership.id)):
        contact = picture.contacts_by_id[values["contact_id"]]
        account = by_id.setdefault(values["account_id"], KeptAccount({}, id=values["account_id"]))
        kept = KeptMembership(values, id=values.pop("id"), contact=contact, account=account)
        contact.memberships.append(kept)


def _load_contracts(session: Session, picture: Picture, events: Sequence[EventRow]) -> None:
    told = [event for event in events if event.name.startswith("contract.")]
    keys = {str(e.properties[n]) for e in told for n in ("contract_id", "new_contract_id") if e.properties.get(n)}
    if keys:
        for values in _rows(session, select(*columns_of(Contract)).where(one_of(Contract.external_id, keys))):
            picture.contracts[values["external_id"]] = KeptContract(values, id=values.pop("id"))


def _load_consents(session: Session, picture: Picture, events: Sequence[EventRow]) -> None:
    if not picture.contacts_by_id or not any(e.name in CONSENT_EVENTS or "consents" in e.properties for e in events):
        return
    asked = select(Consent.contact_id, Consent.topic, Consent.state).order_by(Consent.at, Consent.id)
    for contact_id, topic, state in session.execute(asked.where(one_of(Consent.contact_id, picture.contacts_by_id))):
        picture.contacts_by_id[contact_id].consents[topic] = state


def _load_of_nobody(session: Session, picture: Picture, events: Sequence[EventRow]) -> None:
    """Earlier events under an anonymous id that these events may tie to a contact."""
    keys = [
        key.removeprefix(ANONYMOUS)
        for event in events
        if event.user_id and (event.anonymous_id or event.type == "alias")
        for key in contact_keys(event)
        if key.startswith(ANONYMOUS) and key not in picture.contacts
    ]
    if keys:
        asked = select(Event.id, Event.occurred_at, Event.anonymous_id)
        nobody = asked.where(
            Event.contact_id.is_(None), one_of(Event.anonymous_id, keys), Event.resolved_at.is_not(None)
        )
        for event_id, occurred_at, anonymous_id in session.execute(nobody):
            picture.of_nobody.setdefault(str(anonymous_id), []).append(Attribution(event_id, occurred_at))


def _load_staff(session: Session, picture: Picture, events: Sequence[EventRow]) -> None:
    said = [trait for names in OWNER_TRAITS.values() for trait in names] + ["email"]
    traits = [event.properties for event in events if event.type in ("identify", "group")]
    addresses = {str(one[name]).strip().casefold() for one in traits for name in said if one.get(name)}
    if addresses:
        asked = select(StaffMember.email, StaffMember.id).where(one_of(StaffMember.email, addresses))
        picture.staff_ids.update({row.email: row.id for row in session.execute(asked)})
