"""Who belongs together: anonymous ids, aliases, memberships; and what that does to events told before."""

from __future__ import annotations

from datetime import datetime

from engage.customers.consents import absorb_consents, note_words_of
from engage.customers.loading import ANONYMOUS
from engage.customers.picture import KeptAccount, KeptContact, KeptMembership, Picture
from engage.customers.saying import fill_gaps, say
from engage.events.timeline import EventRow
from engage.events.written_forms import parse_date
from engage.keys import address_key

_FILLED_BY_MERGE = (
    "email", "family_name", "given_name", "full_name", "family_reading", "given_reading",
    "department", "title", "locale", "time_zone", "away_until",
)  # fmt: skip


def account_of(contact: KeptContact, at: datetime) -> KeptAccount | None:
    """The account a contact acted for: of the memberships of that time the newest, else the next one to come."""
    memberships = contact.memberships
    if len(memberships) == 1:
        return memberships[0].account
    then = [m for m in memberships if m.values["since"] <= at and (m.values["until"] is None or at < m.values["until"])]
    if then:
        return max(then, key=lambda one: one.values["since"]).account
    return min(memberships, key=lambda one: one.values["since"]).account if memberships else None


def join(contact: KeptContact, account: KeptAccount, *, at: datetime, learned_at: datetime) -> None:
    """Makes the contact a member; the first account takes over what the contact did before it was known."""
    here = [one for one in contact.memberships if one.account is account]
    if any(one.values["until"] is None or at < one.values["until"] for one in here):
        return
    contact.set({"left_at": None})
    if same := next((one for one in here if one.values["since"] == at), None):
        same.set({"until": None})  # left at the very instant of joining, and joined again at it
        return
    roles = contact.values["traits"].get("roles") or []
    values = {"roles": list(roles), "since": at, "until": None, "learned_at": learned_at}
    is_first = not contact.memberships
    contact.memberships.append(KeptMembership(values, changed=True, contact=contact, account=account))
    if is_first:
        _take_over(contact, account)


def _take_over(contact: KeptContact, account: KeptAccount) -> None:
    contact.gained = contact.gained or account
    for attribution in contact.waiting:
        attribution.account = account
    contact.waiting.clear()


def leave(contact: KeptContact, account: KeptAccount | None, *, at: datetime) -> None:
    """Ends the membership in the account, or every one; who has none left has left."""
    for one in contact.memberships:
        if one.values["until"] is None and (account is None or one.account is account):
            one.set({"until": max(at, one.values["since"])})
    if all(one.values["until"] is not None for one in contact.memberships):
        contact.set({"left_at": at})


def be_away(contact: KeptContact, event: EventRow) -> None:
    """Notes the last day of an absence; without a day that can be read, that the person is there."""
    try:
        until = parse_date(str(event.properties.get("until", "")))
    except ValueError:
        until = None
    say(contact, {"away_until": until}, {}, at=event.occurred_at)


def tie(picture: Picture, key: str, contact: KeptContact, *, at: datetime) -> None:
    """Makes another id one of the contact's; an anonymous id brings along what was done under it."""
    picture.contacts[key] = contact
    picture.new_aliases[key] = (contact, at)
    for attribution in picture.of_nobody.pop(key.removeprefix(ANONYMOUS), ()) if key.startswith(ANONYMOUS) else ():
        attribution.contact = contact
        note_words_of(contact, attribution)
        attribution.account = attribution.account or account_of(contact, attribution.occurred_at)
        if attribution.account is None:
            contact.waiting.append(attribution)
        if attribution.event is None:
            picture.attributed.append(attribution)


def merge(picture: Picture, previous: str, contact: KeptContact, *, at: datetime) -> None:
    """Makes `previous` another id of the contact; a contact that had it is absorbed: members, gaps and events."""
    old = picture.contacts.get(previous)
    if old is not None and old is not contact:
        _absorb(picture, old, contact, at=at)
    if picture.contacts.get(previous) is not contact:
        tie(picture, previous, contact, at=at)
    if ANONYMOUS + previous not in picture.contacts:
        tie(picture, ANONYMOUS + previous, contact, at=at)


def _absorb(picture: Picture, old: KeptContact, contact: KeptContact, *, at: datetime) -> None:
    for key in [key for key, known in picture.contacts.items() if known is old]:
        picture.contacts[key] = contact
        if not key.startswith("id:"):
            picture.new_aliases[key] = (contact, at)
    fill_gaps(contact, old, _FILLED_BY_MERGE)
    email = contact.values["email"]
    contact.set({"address_key": address_key(email) if email else None})
    _move_memberships(old, contact, at=at)
    absorb_consents(old, contact)
    for attribution in picture.attributed:
        if attribution.contact is old:
            attribution.contact = contact
    contact.waiting += old.waiting
    picture.absorbed.append(old)
    old.waiting, old.absorbed_by = [], contact
    picture.contacts[f"merged:{id(old)}"] = old
    nobody = dict.fromkeys(("external_id", "email", "address_key"))
    old.set({**nobody, "left_at": at, "traits": {"merged_into": contact.values["public_id"]}, "said_at": {}})
    if contact.memberships:
        first = min(contact.memberships, key=lambda one: one.values["since"]).account
        if first is not None:
            old.gained = old.gained or first
            _take_over(contact, first)


def _move_memberships(old: KeptContact, contact: KeptContact, *, at: datetime) -> None:
    kept: list[KeptMembership] = []
    for one in old.memberships:
        if any(mine.account is one.account for mine in contact.memberships):
            one.set({"until": one.values["until"] or max(at, one.values["since"])})
            kept.append(one)
        else:
            one.contact, one.changed = contact, True
            contact.memberships.append(one)
    old.memberships = kept
