"""What one event changes in the picture; the same for one event or a thousand, and for a replay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engage.customers.consents import note, note_words_of, words_of
from engage.customers.contract_terms import project_contract
from engage.customers.joining import account_of, be_away, join, leave, merge, tie
from engage.customers.loading import ANONYMOUS, CONTACT_AWAY, CONTACT_LEFT, account_key
from engage.customers.names import split_name
from engage.customers.owning import OWNER_TRAITS, owner_named
from engage.customers.picture import Attribution, Departure, KeptAccount, KeptContact, Picture
from engage.customers.saying import say
from engage.customers.traits import ACCOUNT, PERSON, read_roles, read_traits, says_yes
from engage.errors import InputError
from engage.events.timeline import EventRow
from engage.events.trait_checks import CONSENT_EVENTS
from engage.ids import new_id
from engage.keys import address_key

HAS_LEFT = "has_left"  # the trait by which a person is said to have left
_NEVER_EMPTY = ("name", "is_staff", "is_shared_box", "is_test")


def project(picture: Picture, event: EventRow) -> None:
    """Changes the picture as the event says; an event that was attributed before changes nothing but consents."""
    known = event.contact_id is not None or event.account_id is not None
    if known:
        _take_up_again(picture, event)
        return
    contact = _contact(picture, event)
    key = account_key(event)
    account = _account(picture, key, event) if key else None
    attribution = Attribution(event.id, event.occurred_at, contact, account, event)
    if event.name in CONSENT_EVENTS:
        _consent(event, attribution)
    if event.user_id and contact is not None:
        _project_person(picture, event, contact, account)
    if event.type == "group" and account is not None:
        _describe_account(picture, event, account)
    if event.name.startswith("contract.") and account is not None:
        project_contract(picture, event, account)
    _attribute(picture, event, attribution)


def _take_up_again(picture: Picture, event: EventRow) -> None:
    contact = picture.contacts_by_id.get(event.contact_id or 0)
    while contact is not None and contact.absorbed_by is not None:
        contact = contact.absorbed_by
    if contact is None:
        return
    attribution = Attribution(event.id, event.occurred_at, contact, None, event)
    if event.account_id is None:
        contact.waiting.append(attribution)
        picture.attributed.append(attribution)
    if event.name in CONSENT_EVENTS:
        _consent(event, attribution)
    if event.name == CONTACT_AWAY:
        be_away(contact, event)


def _consent(event: EventRow, attribution: Attribution) -> None:
    """Notes what somebody agreed to or refused, or keeps it until it is known who that was."""
    attribution.words = tuple(words_of(event))
    if attribution.contact is not None:
        note_words_of(attribution.contact, attribution)


def _contact(picture: Picture, event: EventRow) -> KeptContact | None:
    anonymous = ANONYMOUS + event.anonymous_id if event.anonymous_id else None
    if not event.user_id:
        return picture.contacts.get(anonymous) if anonymous else None
    contact = picture.contacts.get(event.user_id)
    if contact is None:
        contact = picture.contacts[event.user_id] = KeptContact(_new_contact(event), changed=True)
    if anonymous and anonymous not in picture.contacts:
        tie(picture, anonymous, contact, at=event.occurred_at)
    return contact


def _new_contact(event: EventRow) -> dict[str, Any]:
    empty = dict.fromkeys((*(field.column for field in PERSON), "address_key", "left_at", "away_until"))
    return empty | {
        "public_id": new_id("con"),
        "external_id": event.user_id,
        "is_staff": False,
        "is_shared_box": False,
        "traits": {},
        "said_at": {},
        "created_at": event.received_at,
        "updated_at": event.occurred_at,
    }


def _account(picture: Picture, key: str, event: EventRow) -> KeptAccount:
    account = picture.accounts.get(key)
    if account is None:
        values = dict.fromkeys(field.column for field in ACCOUNT) | {
            "public_id": new_id("acc"),
            "external_id": key,
            "name": "",
            "is_test": False,
            "traits": {},
            "said_at": {},
            "created_at": event.received_at,
            "updated_at": event.occurred_at,
        }
        account = picture.accounts[key] = KeptAccount(values, changed=True)
    return account


def _project_person(picture: Picture, event: EventRow, contact: KeptContact, account: KeptAccount | None) -> None:
    match event.type:
        case "identify":
            _describe_person(picture, event, contact, account)
        case "group" if account is not None:
            join(contact, account, at=event.occurred_at, learned_at=event.received_at)
        case "alias":
            merge(picture, str(event.properties["previousId"]), contact, at=event.occurred_at)
        case "track" if event.name == CONTACT_LEFT:
            leave(contact, account, at=event.occurred_at)
        case "track" if event.name == CONTACT_AWAY:
            be_away(contact, event)


def _describe_person(picture: Picture, event: EventRow, contact: KeptContact, account: KeptAccount | None) -> None:
    read = read_traits(PERSON, event.properties)
    rest = read.rest
    rest.pop("consents", None)
    left = rest.pop(HAS_LEFT, None)
    here = [one for one in contact.memberships if one.values["until"] is None]
    columns = read.columns
    if parts := split_name(columns.get("full_name") or ""):
        columns = {"family_name": parts[0], "given_name": parts[1]} | columns | {"full_name": None}
    roles = _roles(rest)
    say(contact, _without_gaps(columns), rest, at=event.occurred_at)
    email = contact.values["email"]
    contact.set({"address_key": address_key(email) if email else None})
    if email and address_key(email) in picture.staff_ids:
        contact.set({"is_staff": True})
    if account is not None:
        join(contact, account, at=event.occurred_at, learned_at=event.received_at)
    for membership in contact.memberships if roles is not None else ():
        if membership.values["until"] is None and (account is None or membership.account is account):
            membership.set({"roles": roles})
    if says_yes(left):
        leave(contact, account, at=event.occurred_at)
        # Who was not known to be here has not left now: a first import of all who ever were there is no news.
        gone = (one for one in here if one.values["until"] is not None)
        picture.departures += [Departure(one, event, rest) for one in gone]
    for word in words_of(event):
        note(contact, word)


def _roles(rest: dict[str, Any]) -> list[str] | None:
    """The roles said in traits; they stay among the traits, for memberships that come later."""
    said = rest.pop("role", None) if "roles" not in rest else rest["roles"]
    if said is None:
        return None
    try:
        rest["roles"] = read_roles(said)
    except (ValueError, InputError):
        return None
    return list(rest["roles"])


def _describe_account(picture: Picture, event: EventRow, account: KeptAccount) -> None:
    read = read_traits(ACCOUNT, event.properties)
    taken = say(account, _without_gaps(read.columns), read.rest, at=event.occurred_at)
    for role, names in OWNER_TRAITS.items():
        address = owner_named(read.rest, role)
        if address in picture.staff_ids and not taken.isdisjoint(names):
            account.owners[role] = (address, event.occurred_at)


def _without_gaps(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The columns as they can be stored: what has no empty value is not taken away."""
    return {name: value for name, value in columns.items() if value is not None or name not in _NEVER_EMPTY}


def _attribute(picture: Picture, event: EventRow, attribution: Attribution) -> None:
    contact = attribution.contact
    if attribution.account is None and contact is not None:
        attribution.account = account_of(contact, event.occurred_at)
        if attribution.account is None:
            contact.waiting.append(attribution)
    if contact is None and event.anonymous_id:
        picture.of_nobody.setdefault(event.anonymous_id, []).append(attribution)
    picture.attributed.append(attribution)
