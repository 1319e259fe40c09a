"""What one event changes in the picture; the same for one event or a thousand, and for a replay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engage.customers.contract_terms import project_contract
from engage.customers.joining import account_of, join, leave, merge, tie
from engage.customers.loading import ANONYMOUS, CONSENT_EVENTS, CONTACT_LEFT, OWNER_TRAITS, account_key
from engage.customers.names import split_name
from engage.customers.picture import Attribution, Kept, KeptAccount, KeptContact, Picture
from engage.customers.traits import ACCOUNT, PERSON, read_roles, read_traits
from engage.events.timeline import EventRow
from engage.events.trait_checks import holds_control
from engage.ids import new_id
from engage.keys import address_key

_YES = (True, "true", "yes", "1", 1)


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
    if event.user_id and contact is not None:
        _project_person(picture, event, contact, account)
    if event.type == "group" and account is not None:
        _describe_account(picture, event, account)
    if event.name.startswith("contract.") and account is not None:
        project_contract(picture, event, account)
    _attribute(picture, event, attribution)


def _take_up_again(picture: Picture, event: EventRow) -> None:
    contact = picture.contacts_by_id.get(event.contact_id or 0)
    if contact is not None and event.account_id is None:
        attribution = Attribution(event.id, event.occurred_at, contact, None, event)
        contact.waiting.append(attribution)
        picture.attributed.append(attribution)
    if contact is not None and event.name in CONSENT_EVENTS:
        _consent_by_event(picture, event, contact)


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
    empty = dict.fromkeys((*(field.column for field in PERSON), "address_key", "left_at"))
    return empty | {
        "public_id": new_id("con"),
        "external_id": event.user_id,
        "is_staff": False,
        "is_shared_box": False,
        "traits": {},
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
        case "track" if event.name in CONSENT_EVENTS:
            _consent_by_event(picture, event, contact)


def _describe_person(picture: Picture, event: EventRow, contact: KeptContact, account: KeptAccount | None) -> None:
    read = read_traits(PERSON, event.properties)
    rest = read.rest
    consents, left = rest.pop("consents", None), rest.pop("has_left", None)
    columns = read.columns
    if parts := split_name(columns.get("full_name") or ""):
        columns = {"family_name": parts[0], "given_name": parts[1]} | columns | {"full_name": None}
    roles = _roles(rest)
    overwrite(contact, columns, rest, at=event.occurred_at)
    email = contact.values["email"]
    contact.set({"address_key": address_key(email) if email else None})
    if email and address_key(email) in picture.staff_ids:
        contact.set({"is_staff": True})
    if account is not None:
        join(contact, account, at=event.occurred_at, learned_at=event.received_at)
    for membership in contact.memberships if roles is not None else ():
        if membership.values["until"] is None and (account is None or membership.account is account):
            membership.set({"roles": roles})
    if left in _YES:
        leave(contact, account, at=event.occurred_at)
    if isinstance(consents, Mapping):
        for topic, said in sorted(consents.items()):
            _consent(picture, contact, str(topic), _as_consent(said), at=event.occurred_at)


def _roles(rest: dict[str, Any]) -> list[str] | None:
    """The roles said in traits; they stay among the traits, for memberships that come later."""
    said = rest.pop("role", None) if "roles" not in rest else rest["roles"]
    if said is None:
        return None
    try:
        rest["roles"] = read_roles(said)
    except ValueError:
        return None
    return list(rest["roles"])


def _describe_account(picture: Picture, event: EventRow, account: KeptAccount) -> None:
    read = read_traits(ACCOUNT, event.properties)
    overwrite(account, read.columns, read.rest, at=event.occurred_at)
    for role, names in OWNER_TRAITS.items():
        address = next((str(read.rest[name]).strip().casefold() for name in names if read.rest.get(name)), None)
        if address in picture.staff_ids:
            account.owners[role] = (address, event.occurred_at)


def overwrite(kept: Kept, columns: Mapping[str, Any], rest: Mapping[str, Any], *, at: datetime) -> None:
    """Takes over what was said; what was true before the newest word only fills gaps."""
    is_older = at < kept.values["updated_at"]
    for name, value in columns.items():
        if value is None and name in ("name", "is_staff", "is_shared_box", "is_test", "auto_renew"):
            continue
        if not is_older or kept.values[name] in (None, "", False):
            kept.set({name: value})
    traits = kept.values["traits"]
    merged = {**rest, **traits} if is_older else {**traits, **rest}
    kept.set({"traits": {name: value for name, value in merged.items() if value is not None}})
    if not is_older and at != kept.values["updated_at"]:
        kept.set({"updated_at": at})


def _as_consent(said: object) -> dict[str, Any]:
    if isinstance(said, Mapping):
        return {"basis": "consent", "evidence": "", **said}
    granted = said in _YES or said == "granted"
    return {"state": "granted" if granted else "withdrawn", "basis": "consent", "evidence": "identify"}


def _consent_by_event(picture: Picture, event: EventRow, contact: KeptContact) -> None:
    said = event.properties
    topic = said.get("topic")
    if not isinstance(topic, str) or holds_control(topic):
        return
    granted = event.name == "consent.granted"
    basis = said.get("basis") or ("consent" if granted else "unsubscribe")
    state = "granted" if granted else "withdrawn"
    entry = {"state": state, "basis": basis, "evidence": said.get("evidence") or event.name}
    _consent(picture, contact, topic, entry, at=event.occurred_at)


def _consent(picture: Picture, contact: KeptContact, topic: str, said: Mapping[str, Any], *, at: datetime) -> None:
    """Notes a consent that changes the newest word on its topic."""
    state = said.get("state")
    if state not in ("granted", "withdrawn") or contact.consents.get(topic) == state:
        return
    contact.consents[topic] = state
    entry = {"topic": topic, "state": state, "basis": str(said["basis"]), "evidence": str(said["evidence"]), "at": at}
    picture.new_consents.append((contact, entry))


def _attribute(picture: Picture, event: EventRow, attribution: Attribution) -> None:
    contact = attribution.contact
    if attribution.account is None and contact is not None:
        attribution.account = account_of(contact, event.occurred_at)
        if attribution.account is None:
            contact.waiting.append(attribution)
    if contact is None and event.anonymous_id:
        picture.of_nobody.setdefault(event.anonymous_id, []).append(attribution)
    picture.attributed.append(attribution)
