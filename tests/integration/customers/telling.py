"""Tells stories in Segment messages and looks at what the customers' tables made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engage.customers.resolving import resolve
from engage.customers.tables import Account, Consent, Contact, ContactAlias, Contract, Membership
from engage.db.session import Database
from engage.events.intake import accept
from engage.events.tables import Event
from engage.events.timeline import EventRow, events_after, unresolved
from engage.staff.tables import AccountOwner, StaffMember

START = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
Said = dict[str, Any]


def identify(user: str, traits: Said | None = None, *, group: str | None = None, **said: Any) -> Said:
    context = {"groupId": group} if group else {}
    return {"type": "identify", "userId": user, "traits": traits or {}, "context": context, **said}


def group(user: str | None, account: str, traits: Said | None = None, **said: Any) -> Said:
    return {"type": "group", "userId": user, "groupId": account, "traits": traits or {}, **said}


def track(user: str | None, name: str = "feature.used", *, group: str | None = None, **said: Any) -> Said:
    context = {"groupId": group} if group else {}
    return {"type": "track", "userId": user, "event": name, "context": context, **said}


def alias(previous: str, user: str, **said: Any) -> Said:
    return {"type": "alias", "previousId": previous, "userId": user, **said}


def tell(database: Database, *messages: Said, at: datetime = START) -> None:
    """Stores messages, a minute apart unless they say when."""
    dated = [
        {"timestamp": (at + timedelta(minutes=number)).isoformat(), **message}
        for number, message in enumerate(messages)
    ]
    with database.transaction() as session:
        result = accept(session, 1, dated, received_at=at + timedelta(days=1), sent_at=None)
    assert not result.problems


def digest(database: Database, *, chunk: int = 1_000) -> int:
    """Resolves until nothing is left; says in how many chunks."""
    rounds = 0
    while True:
        with database.transaction() as session:
            events = unresolved(session, limit=chunk)
            resolve(session, events, now=START + timedelta(days=2))
        if not events:
            return rounds
        rounds += 1
        assert rounds < 10_000


def hear(database: Database, *messages: Said, at: datetime = START) -> None:
    """Stores and resolves messages."""
    tell(database, *messages, at=at)
    digest(database)


def forget(session: Session) -> None:
    """Wipes every projection and attribution, as before a replay."""
    for table in (AccountOwner, Consent, ContactAlias, Membership, Contract, Contact, Account):
        session.execute(table.__table__.delete())
    session.execute(text("UPDATE events SET contact_id = NULL, account_id = NULL, resolved_at = NULL"))


def replay(database: Database, *, chunk: int = 1_000) -> None:
    """Makes all projections again from the events, in the order in which they were learned."""
    with database.transaction() as session:
        forget(session)
        after = 0
        while events := events_after(session, after, limit=chunk):
            resolve(session, [event for event in events if event.source_id != 0], now=START)
            after = events[-1].id


def snapshot(database: Database) -> dict[str, list[Any]]:
    """All projections and attributions in terms of outside ids, so that two makings can be compared."""
    with database.reading() as session:
        accounts = {row.id: row.external_id for row in session.scalars(select(Account))}
        contacts = {row.id: row.external_id or "merged" for row in session.scalars(select(Contact))}
        seen: dict[str, list[Any]] = {
            "accounts": _plain(session.scalars(select(Account))),
            "contacts": _plain(session.scalars(select(Contact))),
            "contracts": [
                (accounts[row.account_id], values)
                for row, values in _with_values(session.scalars(select(Contract)), {"account_id"})
            ],
            "memberships": [
                (contacts[row.contact_id], accounts[row.account_id], row.roles, row.since, row.until, row.learned_at)
                for row in session.scalars(select(Membership))
            ],
            "aliases": [(row.external_id, contacts[row.contact_id]) for row in session.scalars(select(ContactAlias))],
            "consents": [
                (contacts[row.contact_id], row.topic, row.state, row.basis, row.at)
                for row in session.scalars(select(Consent))
            ],
            "owners": [
                (accounts[row.account_id], row.staff_id, row.role, row.since, row.until)
                for row in session.scalars(select(AccountOwner))
            ],
            "events": [
                (row.id, contacts.get(row.contact_id), accounts.get(row.account_id))
                for row in session.scalars(select(Event))
            ],
        }
    return {name: sorted(rows, key=repr) for name, rows in seen.items()}


def _plain(rows: Iterable[Any]) -> list[Any]:
    return [values for _, values in _with_values(rows, set())]


def _with_values(rows: Iterable[Any], left_out: set[str]) -> list[tuple[Any, Any]]:
    return [(row, _values(row, {"id", "public_id", *left_out})) for row in rows]


def _values(row: Any, left_out: set[str]) -> list[Any]:
    values = {name: getattr(row, name) for name in row.__table__.c.keys() if name not in left_out}  # noqa: SIM118
    traits = values.get("traits")
    if traits and "merged_into" in traits:
        values["traits"] = {"merged_into": True}
    return sorted(values.items())


def events_of(database: Database) -> Sequence[EventRow]:
    with database.reading() as session:
        return events_after(session, 0, limit=10_000)


def contact(database: Database, external_id: str) -> Contact:
    with database.reading() as session:
        return session.scalars(select(Contact).where(Contact.external_id == external_id)).one()


def account(database: Database, external_id: str) -> Account:
    with database.reading() as session:
        return session.scalars(select(Account).where(Account.external_id == external_id)).one()


def contract(database: Database, external_id: str) -> Contract:
    with database.reading() as session:
        return session.scalars(select(Contract).where(Contract.external_id == external_id)).one()


def members(database: Database, external_id: str) -> list[tuple[str | None, list[str], bool]]:
    """Who is or was in an account: external id, roles, whether still."""
    asked = (
        select(Contact.external_id, Membership.roles, Membership.until)
        .join(Membership, Membership.contact_id == Contact.id)
        .join(Account, Account.id == Membership.account_id)
        .where(Account.external_id == external_id)
        .order_by(Membership.id)
    )
    with database.reading() as session:
        return [(row.external_id, row.roles, row.until is None) for row in session.execute(asked)]


def add_staff(database: Database, email: str) -> int:
    with database.transaction() as session:
        member = StaffMember(public_id=email, email=email, role="csm", family_name="佐藤", created_at=START)
        session.add(member)
        session.flush()
        return member.id
