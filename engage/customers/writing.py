"""Writes a changed picture back: new rows first, then changed ones, then whom the events are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Table, bindparam, insert, text, update
from sqlalchemy.orm import DeclarativeBase, Session

from engage.customers.owning import write_owners
from engage.customers.picture import Kept, KeptAccount, KeptContact, KeptMembership, Merged, Picture
from engage.customers.tables import Account, Consent, ConsentRecord, Contact, ContactAlias, Contract, Membership
from engage.db.base import UtcDateTime
from engage.db.bulk import insert_ignore, upsert
from engage.events.tables import Event
from engage.events.timeline import EventRow


def write_picture(
    session: Session, picture: Picture, events: Sequence[EventRow], *, resolved_at: datetime | None
) -> list[Merged]:
    """Writes what differs from the store, and on the events whom they are about; who was absorbed, in their order."""
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
    write_consents(session, contacts)
    _write_owners(session, picture, accounts)
    return _attribute(session, picture, events, resolved_at)


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


def write_consents(session: Session, contacts: Sequence[KeptContact]) -> None:
    """Writes the words that hold, and what proves them; a record that the ledger has already stays as it is."""
    records = [
        {**record, "contact_id": contact.id, "address": contact.values.get("email")}
        for contact in contacts
        for record in contact.records
    ]
    insert_ignore(session, ConsentRecord, records)
    words = [(word, contact.id) for contact in contacts for said in contact.consents.values() for word in said]
    for word, contact_id in words:
        _refer(word, "contact_id", contact_id)
    _write(session, Consent, [word for word, _ in words])


def _write_owners(session: Session, picture: Picture, accounts: Iterable[KeptAccount]) -> None:
    write_owners(
        session,
        {
            (account.id, role): (picture.staff_ids[address], at)
            for account in accounts
            for role, (address, at) in account.owners.items()
        },
    )


def _attribute(
    session: Session, picture: Picture, events: Sequence[EventRow], resolved_at: datetime | None
) -> list[Merged]:
    """Tells events whom they are about; earlier ones that learn it only now come up again."""
    stored = {contact.id for contact in picture.contacts_by_id.values()}
    merged: dict[int, int] = {}
    for old in picture.absorbed:
        if old.id in stored and old.absorbed_by is not None:
            stored.add(old.absorbed_by.id)
            _take_over(session, [old])  # what it gained before it was absorbed
            _hand_over(session, old.id, old.absorbed_by.id)
            merged[old.id] = old.absorbed_by.id
    _take_over(session, [one for one in picture.every_contact() if one.id in stored])
    earlier: list[_Said] = []
    for one in picture.attributed:
        contact_id, account_id = one.contact.id if one.contact else None, one.account.id if one.account else None
        if one.event is None:
            earlier.append((one.id, contact_id, account_id))
        else:
            one.event.contact_id, one.event.account_id = contact_id, account_id
    # An event that came up again in the chunk in which its contact was merged still names the old one.
    for event in events if merged else ():
        while event.contact_id in merged:
            event.contact_id = merged[event.contact_id]
    _update_events(session, [(event.id, event.contact_id, event.account_id) for event in events], resolved_at)
    _update_events(session, earlier, None)
    return [Merged(old, contact) for old, contact in merged.items()]


def _hand_over(session: Session, old: int, contact: int) -> None:
    """What an absorbed contact did is now the one's that stays."""
    moved = update(Event).where(Event.contact_id == old).values(contact_id=contact)
    session.execute(moved, execution_options={"synchronize_session": False})


_GAINED_AS_ARRAYS = text("""
    UPDATE events SET account_id = gained.account_id, resolved_at = NULL
    FROM unnest(:contact_ids, :account_ids) AS gained (contact_id, account_id)
    WHERE events.contact_id = gained.contact_id AND events.account_id IS NULL
""").bindparams(*(bindparam(name, type_=ARRAY(BigInteger)) for name in ("contact_ids", "account_ids")))
_GAINED_ROW_BY_ROW = text("""
    UPDATE events SET account_id = :account_id, resolved_at = NULL
    WHERE contact_id = :contact_id AND account_id IS NULL
""")


def _take_over(session: Session, contacts: Iterable[KeptContact]) -> None:
    """Gives what contacts did before they had an account to the first they joined."""
    gained = [(contact.id, contact.gained.id) for contact in contacts if contact.gained is not None]
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
