"""Writes a changed picture back: new rows first, then changed ones, then whom the events are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Table, bindparam, insert, text, update
from sqlalchemy.orm import DeclarativeBase, Session

from engage.customers.picture import Kept, KeptAccount, KeptMembership, Picture
from engage.customers.tables import Account, Consent, Contact, ContactAlias, Contract, Membership
from engage.db.base import UtcDateTime
from engage.db.bulk import upsert
from engage.db.sets import one_of
from engage.events.tables import Event
from engage.events.timeline import EventRow
from engage.staff.tables import AccountOwner


def write_picture(
    session: Session, picture: Picture, events: Sequence[EventRow], *, resolved_at: datetime | None
) -> None:
    """Writes what differs from the store, and on the events whom they are about."""
    contacts = list(picture.every_contact())
    accounts, contracts = list(picture.accounts.values()), list(picture.contracts.values())
    memberships = [one for contact in contacts for one in contact.memberships]
    _write(session, Account, accounts)
    _write(session, Contact, contacts)
    for membership in memberships:
        _place(membership)
    _write(session, Membership, memberships)
    for contract in contracts:
        if contract.account is not None:
            _refer(contract, "account_id", contract.account.id)
    _write(session, Contract, contracts)
    _write_aliases(session, picture)
    _write_consents(session, picture)
    _write_owners(session, picture, accounts)
    _attribute(session, picture, events, resolved_at)


def _place(membership: KeptMembership) -> None:
    if membership.contact is not None and membership.account is not None:
        _refer(membership, "contact_id", membership.contact.id)
        _refer(membership, "account_id", membership.account.id)


def _refer(kept: Kept, column: str, to: int) -> None:
    if kept.values.get(column) != to:
        kept.values[column] = to
        kept.changed = True


def _write(session: Session, table: type[DeclarativeBase], kept: Sequence[Kept]) -> None:
    new = [one for one in kept if one.changed and not one.id]
    changed = [{**one.values, "row_id": one.id} for one in kept if one.changed and one.id]
    sql: Table = table.__table__  # type: ignore[assignment]
    if new:
        _insert(session, sql, new)
    if changed:
        session.connection().execute(update(sql).where(sql.c.id == bindparam("row_id")), changed)


def _insert(session: Session, table: Table, new: Sequence[Kept]) -> None:
    """Inserts rows; those that others refer to learn their id by the public one."""
    rows = [one.values for one in new]
    if "public_id" not in table.c:
        session.execute(insert(table), rows)
        return
    given = session.execute(insert(table).returning(table.c.public_id, table.c.id), rows)
    ids = {row.public_id: row.id for row in given}
    for one in new:
        one.id = ids[one.values["public_id"]]


def _write_aliases(session: Session, picture: Picture) -> None:
    rows = [
        {"external_id": key, "contact_id": contact.id, "since": at}
        for key, (contact, at) in picture.new_aliases.items()
    ]
    upsert(session, ContactAlias, rows, key=["external_id"])


def _write_consents(session: Session, picture: Picture) -> None:
    if picture.new_consents:
        rows = [{"contact_id": contact.id, **entry} for contact, entry in picture.new_consents]
        session.execute(insert(Consent), rows)


def _write_owners(session: Session, picture: Picture, accounts: Iterable[KeptAccount]) -> None:
    """Closes the time of an owner that changed, and opens the next one's."""
    said = {
        (account.id, role): (picture.staff_ids[address], at)
        for account in accounts
        for role, (address, at) in account.owners.items()
    }
    if not said:
        return
    table: Any = AccountOwner.__table__
    ids = {account_id for account_id, _ in said}
    asked = table.select().where(one_of(table.c.account_id, ids), table.c.until.is_(None))
    for owner in session.execute(asked).all():
        staff_id, at = said.get((owner.account_id, owner.role), (owner.staff_id, owner.since))
        if staff_id == owner.staff_id:
            said.pop((owner.account_id, owner.role), None)
        else:
            session.execute(update(table).where(table.c.id == owner.id).values(until=max(at, owner.since)))
    rows = [
        {"account_id": account_id, "role": role, "staff_id": staff_id, "since": at, "until": None}
        for (account_id, role), (staff_id, at) in said.items()
    ]
    if rows:
        session.execute(insert(table), rows)


def _attribute(session: Session, picture: Picture, events: Sequence[EventRow], resolved_at: datetime | None) -> None:
    """Tells events whom they are about; earlier ones that learn it only now come up again."""
    merged: dict[int | None, int] = {}
    for contact in picture.every_contact():
        for absorbed in filter(None, contact.absorbed):
            merged.setdefault(absorbed, contact.id)
        if contact.absorbed:
            moved = update(Event).where(one_of(Event.contact_id, contact.absorbed)).values(contact_id=contact.id)
            session.execute(moved, execution_options={"synchronize_session": False})
    _take_over(session, picture)
    earlier: list[_Said] = []
    for one in picture.attributed:
        contact_id, account_id = one.contact.id if one.contact else None, one.account.id if one.account else None
        if one.event is None:
            earlier.append((one.id, contact_id, account_id))
        else:
            one.event.contact_id, one.event.account_id = contact_id, account_id
    # An event that came up again in the chunk in which its contact was merged still names the old one.
    for event in events:
        event.contact_id = merged.get(event.contact_id, event.contact_id)
    _update_events(session, [(event.id, event.contact_id, event.account_id) for event in events], resolved_at)
    _update_events(session, earlier, None)


_GAINED_AS_ARRAYS = text("""
    UPDATE events SET account_id = gained.account_id, resolved_at = NULL
    FROM unnest(:contact_ids, :account_ids) AS gained (contact_id, account_id)
    WHERE events.contact_id = gained.contact_id AND events.account_id IS NULL
""").bindparams(*(bindparam(name, type_=ARRAY(BigInteger)) for name in ("contact_ids", "account_ids")))
_GAINED_ROW_BY_ROW = text("""
    UPDATE events SET account_id = :account_id, resolved_at = NULL
    WHERE contact_id = :contact_id AND account_id IS NULL
""")


def _take_over(session: Session, picture: Picture) -> None:
    """Gives what contacts did before they had an account to the first they joined."""
    known = {contact.id for contact in picture.contacts_by_id.values()}
    gained = [
        (contact.id, contact.gained.id)
        for contact in picture.every_contact()
        if contact.gained is not None and (contact.id in known or contact.absorbed)
    ]
    if gained and session.get_bind().dialect.name == "postgresql":
        contact_ids, account_ids = zip(*gained, strict=True)
        session.execute(_GAINED_AS_ARRAYS, {"contact_ids": list(contact_ids), "account_ids": list(account_ids)})
    elif gained:
        rows = [{"contact_id": contact_id, "account_id": account_id} for contact_id, account_id in gained]
        session.execute(_GAINED_ROW_BY_ROW, rows)


_Said = tuple[int, int | None, int | None]
_SAID = ("id", "contact_id", "account_id")
_RESOLVED_AT = bindparam("resolved_at", type_=UtcDateTime())
_AS_ARRAYS = text("""
    UPDATE events SET contact_id = said.contact_id, account_id = said.account_id, resolved_at = :resolved_at
    FROM unnest(:ids, :contact_ids, :account_ids) AS said (id, contact_id, account_id) WHERE events.id = said.id
""").bindparams(_RESOLVED_AT, *(bindparam(f"{name}s", type_=ARRAY(BigInteger)) for name in _SAID))
_ROW_BY_ROW = text("""
    UPDATE events SET contact_id = :contact_id, account_id = :account_id, resolved_at = :resolved_at WHERE id = :id
""").bindparams(_RESOLVED_AT)


def _update_events(session: Session, said: Sequence[_Said], resolved_at: datetime | None) -> None:
    if not said:
        return
    if session.get_bind().dialect.name == "postgresql":
        arrays = {f"{name}s": list(column) for name, column in zip(_SAID, zip(*said, strict=True), strict=True)}
        session.execute(_AS_ARRAYS, arrays | {"resolved_at": resolved_at})
    else:
        rows = [{**dict(zip(_SAID, row, strict=True)), "resolved_at": resolved_at} for row in said]
        session.execute(_ROW_BY_ROW, rows)
