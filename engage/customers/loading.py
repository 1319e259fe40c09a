"""Loads the picture that a chunk of events needs: a fixed number of statements, whatever the chunk holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, case, or_, select
from sqlalchemy.orm import DeclarativeBase, Session

from engage.customers.consents import words_of
from engage.customers.owning import OWNER_TRAITS
from engage.customers.picture import (
    Attribution,
    Kept,
    KeptAccount,
    KeptContact,
    KeptContract,
    KeptMembership,
    Picture,
)
from engage.customers.tables import Account, Consent, Contact, ContactAlias, Contract, Membership
from engage.db.sets import among, one_of
from engage.events.tables import Event
from engage.events.timeline import EventRow
from engage.events.trait_checks import CONSENT_EVENTS
from engage.staff.tables import StaffMember

ANONYMOUS = "anonymous:"
CONTACT_LEFT = "contact.left"
CONTACT_AWAY = "contact.away"


def columns_of(table: type[DeclarativeBase]) -> tuple[Any, ...]:
    """The columns of a table, to be read without making objects."""
    return tuple(table.__table__.c)


_DESCRIBING = ("identify", "group", "alias")
# A word on mail is kept with the address it was said for.
_OF_PEOPLE = (CONTACT_LEFT, CONTACT_AWAY, *CONSENT_EVENTS)
# What tells who is who: enough to attribute an event.
_WHO: Mapping[type[DeclarativeBase], tuple[str, ...]] = {
    Account: ("id", "external_id"),
    Contact: ("id", "external_id"),
    Membership: ("id", "contact_id", "account_id", "since", "until"),
}


class _Asked(NamedTuple):
    """What is asked of those whom events name; made once, as every digest asks it."""

    contacts: Select[Any]
    accounts: Select[Any]
    memberships: Select[Any]

    @classmethod
    def of(cls, columns: Callable[[type[DeclarativeBase]], tuple[Any, ...]]) -> _Asked:
        """The statements that read these columns."""
        known = or_(among(_contacts.external_id, "keys"), among(_contacts.id, "ids"))
        members = select(*columns(Membership)).where(among(_memberships.contact_id, "ids"))
        return cls(
            select(*columns(Contact)).where(known),
            select(*columns(Account)).where(among(_accounts.external_id, "keys")),
            members.order_by(_memberships.id),
        )


_contacts, _accounts, _memberships = Contact.__table__.c, Account.__table__.c, Membership.__table__.c
_aliases, _contracts, _staff = ContactAlias.__table__.c, Contract.__table__.c, StaffMember.__table__.c
_EVERYTHING = _Asked.of(columns_of)
_WHO_IS_WHO = _Asked.of(lambda table: tuple(table.__table__.c[name] for name in _WHO[table]))
_ALIASES = select(_aliases.external_id, _aliases.contact_id).where(among(_aliases.external_id, "keys"))
_CONTRACTS = select(*_contracts).where(among(_contracts.external_id, "keys"))
_STAFF = select(_staff.email, _staff.id).where(among(_staff.email, "addresses"))


def load_picture(session: Session, events: Sequence[EventRow]) -> Picture:
    """Everything in the store that these events may touch.

    Events that describe nobody only ask who is who: then accounts and contacts come without what is known of them.
    """
    picture = Picture()
    describing = any(event.type in _DESCRIBING or event.name in _OF_PEOPLE for event in events)
    asked = _EVERYTHING if describing else _WHO_IS_WHO
    _load_contacts(session, picture, events, asked)
    _load_accounts(session, picture, events, asked)
    _load_memberships(session, picture, asked)
    _load_contracts(session, picture, events)
    _load_of_nobody(session, picture, events)
    _load_consents(session, picture, events)
    _load_staff(session, picture, events)
    return picture


def _rows(session: Session, query: Select[Any], **said: Any) -> Iterable[dict[str, Any]]:
    result = session.execute(query, said)
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
    """Whether an event whose contact is known still needs it: for an account, or for what it says of the person."""
    return event.account_id is None or event.name in CONSENT_EVENTS or event.name == CONTACT_AWAY


def _load_contacts(session: Session, picture: Picture, events: Sequence[EventRow], asked: _Asked) -> None:
    keys = {key for event in events for key in contact_keys(event)}
    known_ids = {event.contact_id for event in events if event.contact_id is not None and _looks_again(event)}
    if not keys and not known_ids:
        return
    aliases = {row.external_id: row.contact_id for row in session.execute(_ALIASES, {"keys": list(keys)})}
    ids = {*aliases.values(), *known_ids}
    for values in _rows(session, asked.contacts, keys=list(keys), ids=list(ids)):
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


def _load_accounts(session: Session, picture: Picture, events: Sequence[EventRow], asked: _Asked) -> None:
    keys = {key for event in events if (key := account_key(event))}
    if keys:
        for values in _rows(session, asked.accounts, keys=list(keys)):
            account = KeptAccount(values, id=values.pop("id"))
            picture.accounts[values["external_id"]] = account


def _load_memberships(session: Session, picture: Picture, asked: _Asked) -> None:
    if not picture.contacts_by_id:
        return
    by_id = {account.id: account for account in picture.accounts.values()}
    for values in _rows(session, asked.memberships, ids=list(picture.contacts_by_id)):
        contact = picture.contacts_by_id[values["contact_id"]]
        account = by_id.setdefault(values["account_id"], KeptAccount({}, id=values["account_id"]))
        kept = KeptMembership(values, id=values.pop("id"), contact=contact, account=account)
        contact.memberships.append(kept)


def _load_contracts(session: Session, picture: Picture, events: Sequence[EventRow]) -> None:
    told = [event for event in events if event.name.startswith("contract.")]
    keys = {str(e.properties[n]) for e in told for n in ("contract_id", "new_contract_id") if e.properties.get(n)}
    if keys:
        for values in _rows(session, _CONTRACTS, keys=list(keys)):
            picture.contracts[values["external_id"]] = KeptContract(values, id=values.pop("id"))


def _load_consents(session: Session, picture: Picture, events: Sequence[EventRow]) -> None:
    if not picture.contacts_by_id or not _speak_of_consent(picture, events):
        return
    asked = select(*columns_of(Consent)).where(one_of(Consent.contact_id, picture.contacts_by_id)).order_by(Consent.id)
    for values in _rows(session, asked):
        kept = Kept(values, id=values.pop("id"))
        picture.contacts_by_id[values["contact_id"]].consents.setdefault(values["topic"], []).append(kept)


def _speak_of_consent(picture: Picture, events: Sequence[EventRow]) -> bool:
    """Whether a consent may be said or change hands: in an event, by a merge, by a browser that gets its name."""
    said = any(e.name in CONSENT_EVENTS or e.type == "alias" or "consents" in e.properties for e in events)
    return said or any(one.words for earlier in picture.of_nobody.values() for one in earlier)


_OF_NOBODY = ("id", "source_id", "message_id", "type", "name", "occurred_at", "received_at", "anonymous_id")


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
        said = case((Event.name.in_(CONSENT_EVENTS), Event.properties)).label("properties")
        asked = select(*(getattr(Event, name) for name in _OF_NOBODY), said).order_by(Event.id)
        nobody = asked.where(
            Event.contact_id.is_(None), one_of(Event.anonymous_id, keys), Event.resolved_at.is_not(None)
        )
        for row in session.execute(nobody):
            one = Attribution(row.id, row.occurred_at, words=tuple(words_of(row)) if row.properties is not None else ())
            picture.of_nobody.setdefault(str(row.anonymous_id), []).append(one)


def _load_staff(session: Session, picture: Picture, events: Sequence[EventRow]) -> None:
    said = [trait for names in OWNER_TRAITS.values() for trait in names] + ["email"]
    traits = [event.properties for event in events if event.type in ("identify", "group")]
    addresses = {str(one[name]).strip().casefold() for one in traits for name in said if one.get(name)}
    if addresses:
        asked = session.execute(_STAFF, {"addresses": list(addresses)})
        picture.staff_ids.update({row.email: row.id for row in asked})
