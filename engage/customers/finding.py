"""Finds accounts and people by what people and systems call them: your systems' id, Engage's own, an address."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engage.customers.tables import Account, Contact, ContactAlias
from engage.db.sets import one_of
from engage.errors import InputError, NotFoundError
from engage.keys import address_key


def find_account(session: Session, named: str) -> Account:
    """The account of that id; NotFoundError where there is none."""
    found = session.scalar(select(Account).where(or_(Account.external_id == named, Account.public_id == named)))
    if found is None:
        raise _unknown(named)
    return found


def account_ids(session: Session, named: Collection[str]) -> frozenset[int]:
    """The inner ids of all these accounts; NotFoundError for the first that is not there."""
    names = set(named)
    asked = or_(one_of(Account.external_id, names), one_of(Account.public_id, names))
    rows = session.execute(select(Account.id, Account.external_id, Account.public_id).where(asked)).all()
    known = {name for row in rows for name in (row.external_id, row.public_id)}
    for name in named:
        if name not in known:
            raise _unknown(name)
    return frozenset(row.id for row in rows)


def find_person(session: Session, named: str) -> Contact:
    """The one contact of that id or address; NotFoundError where there is none, InputError where there are several."""
    also = select(ContactAlias.contact_id).where(ContactAlias.external_id == named)
    by_id = or_(Contact.external_id == named, Contact.public_id == named, Contact.id.in_(also))
    found = session.scalars(select(Contact).where(by_id)).all()
    if not found:
        found = session.scalars(select(Contact).where(Contact.address_key == address_key(named))).all()
    if not found:
        hint = "a person is named by the id that your systems gave them (userId), by Engage's own (con_…) or an address"
        raise NotFoundError("there is no such person", where=named, code="no_such_person", hint=hint)
    if len(found) > 1:
        ids = ", ".join(sorted(one.external_id or one.public_id for one in found))
        raise InputError("several people share this address", where=named, code="several", hint=f"name one: {ids}")
    return found[0]


def absorbed_into(session: Session, contact: Contact) -> list[Contact]:
    """The contacts that turned out to be this person, however long ago."""
    found: list[Contact] = []
    ahead = [contact.public_id]
    while ahead:
        into = Contact.traits["merged_into"].as_string() == ahead.pop()
        more = session.scalars(select(Contact).where(into)).all()
        found += more
        ahead += [one.public_id for one in more]
    return found


def _unknown(named: str) -> NotFoundError:
    hint = "an account is named by the id that your systems gave it (groupId), or by Engage's own (acc_…)"
    return NotFoundError("there is no such account", where=named, code="no_such_account", hint=hint)
