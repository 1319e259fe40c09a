"""Loads the facts of many subjects at once: a fixed number of statements for each chunk of 500."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.calendars.zones import day_of, first_zone
from engage.customers.fact_shapes import (
    Declared,
    account_facts,
    by_kind,
    contact_facts,
    contract_facts,
    goal_facts,
    handoff_facts,
)
from engage.customers.recipients import Person
from engage.customers.tables import Account, Contact, Contract, Membership
from engage.customers.usage import Counted, count_usage, usage_facts
from engage.db.sets import one_of
from engage.language.vocabulary import Vocabulary
from engage.staff.people import name_of
from engage.staff.tables import AccountOwner, StaffMember

CHUNK = 500
EXECUTIVES = ("ceo", "cs_head")
OF_PEOPLE, OF_CONTRACTS, OF_USAGE, OF_STAFF = "people", "contract", "usage", "senders"
EVERYTHING = frozenset({OF_PEOPLE, OF_CONTRACTS, OF_USAGE, OF_STAFF})
# What has to be read for a fact; what is not here stands on the account or costs nothing.
_READ_FOR = {
    "contact": {OF_PEOPLE},
    "people": {OF_PEOPLE},
    "today": {OF_PEOPLE},
    "contract": {OF_CONTRACTS},
    "usage": {OF_USAGE, OF_PEOPLE},
    "csm": {OF_STAFF},
    "sales": {OF_STAFF},
    "senders": {OF_STAFF},
}


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a playbook runs for: an account, a contact or a contract, with where it belongs."""

    kind: str
    id: int
    account_id: int | None
    contact_id: int | None
    contract_id: int | None


class WithVocabulary(Protocol):
    """Where the shared vocabulary comes from."""

    def vocabulary(self, session: Session) -> Vocabulary:
        """The vocabulary that is live."""


def load_facts(
    session: Session,
    library: WithVocabulary,
    subjects: Sequence[Subject],
    *,
    now: datetime,
    reading: frozenset[str] = EVERYTHING,
) -> dict[Subject, dict[str, Any]]:
    """The facts of each subject as they are now; a subject whose account is gone is left out.

    With `reading` less than everything (see `read_for`), only facts that need no more than that are true.
    """
    vocabulary = library.vocabulary(session)
    declared = by_kind({path: fact.type for path, fact in vocabulary.facts.items()})
    found: dict[Subject, dict[str, Any]] = {}
    for start in range(0, len(subjects), CHUNK):
        chunk = subjects[start : start + CHUNK]
        loaded = _load(session, chunk, reading, now)
        found |= {
            one: _facts(one, loaded, vocabulary, declared, now) for one in chunk if one.account_id in loaded.accounts
        }
    return found


def read_for(names: Iterable[str]) -> frozenset[str]:
    """What `load_facts` must read so that the facts of these names are true."""
    return frozenset(part for name in names for part in _READ_FOR.get(name.partition(".")[0], ()))


@dataclass(slots=True)
class _Loaded:
    """The rows behind one chunk, by account."""

    accounts: dict[int, Any]
    usage: Mapping[int, Counted]
    members: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))
    contacts: dict[int, Any] = field(default_factory=dict)
    contracts: dict[int, Any] = field(default_factory=dict)
    current: dict[int, Any] = field(default_factory=dict)
    owners: dict[tuple[int, str], StaffMember] = field(default_factory=dict)
    executives: dict[str, StaffMember] = field(default_factory=dict)
    people: dict[int, tuple[Person, ...]] = field(default_factory=dict)
    companies: dict[str, dict[str, Any]] = field(default_factory=dict)
    shared: dict[int, dict[str, Any]] = field(default_factory=dict)


def _load(session: Session, subjects: Sequence[Subject], reading: frozenset[str], now: datetime) -> _Loaded:
    ids = {one.account_id for one in subjects if one.account_id is not None}
    rows = session.execute(select(*Account.__table__.c).where(one_of(Account.id, ids)))
    accounts = {row.id: row for row in rows}
    real = [account.id for account in accounts.values() if not account.is_test]
    loaded = _Loaded(accounts, count_usage(session, real, now=now) if OF_USAGE in reading else {})
    if OF_PEOPLE in reading:
        _load_people(session, loaded, subjects)
    if OF_CONTRACTS in reading:
        _load_contracts(session, loaded, subjects)
    if OF_STAFF in reading:
        _load_staff(session, loaded)
    return loaded


def _load_people(session: Session, loaded: _Loaded, subjects: Sequence[Subject]) -> None:
    """Everybody in the accounts: who can be written to first, then who came first."""
    contact, member = Contact.__table__.c, Membership.__table__.c
    asked = (
        select(member.account_id, member.roles, member.since, *contact)
        .join_from(Membership.__table__, Contact.__table__, contact.id == member.contact_id)
        .where(one_of(member.account_id, loaded.accounts), member.until.is_(None))
        .order_by(contact.email.is_(None), member.since, member.id)
    )
    for row in session.execute(asked):
        loaded.members[row.account_id].append(row)
        loaded.contacts[row.id] = row
    gone = {one.contact_id for one in subjects if one.contact_id is not None} - loaded.contacts.keys()
    if gone:
        for row in session.execute(select(*Contact.__table__.c).where(one_of(Contact.id, gone))):
            loaded.contacts[row.id] = row


def _load_contracts(session: Session, loaded: _Loaded, subjects: Sequence[Subject]) -> None:
    """The contracts of the accounts; the current one of each is the active one that started last."""
    columns = Contract.__table__.c
    asked = select(*columns).where(one_of(columns.account_id, loaded.accounts))
    for row in session.execute(asked.order_by(columns.starts_on.is_not(None), columns.starts_on, columns.id)):
        loaded.contracts[row.id] = row
        if row.state == "active":
            loaded.current[row.account_id] = row


def _load_staff(session: Session, loaded: _Loaded) -> None:
    owned = (
        select(AccountOwner.account_id, AccountOwner.role, StaffMember)
        .join(StaffMember, StaffMember.id == AccountOwner.staff_id)
        .where(one_of(AccountOwner.account_id, loaded.accounts), AccountOwner.until.is_(None), StaffMember.is_active)
        .order_by(AccountOwner.id)
    )
    for account_id, role, member in session.execute(owned):
        loaded.owners[account_id, role] = member
    leading = select(StaffMember).where(StaffMember.position.in_(EXECUTIVES), StaffMember.is_active)
    for member in session.scalars(leading.order_by(StaffMember.id.desc())):
        loaded.executives[member.position or ""] = member


def _facts(
    subject: Subject, loaded: _Loaded, vocabulary: Vocabulary, declared: Declared, now: datetime
) -> dict[str, Any]:
    account_id = subject.account_id or 0
    account = loaded.accounts[account_id]
    if account_id not in loaded.shared:
        loaded.shared[account_id] = _shared(account, loaded, vocabulary, declared, now)
    facts = dict(loaded.shared[account_id])
    contact = loaded.contacts.get(subject.contact_id or 0)
    contract = loaded.contracts.get(subject.contract_id or 0) or loaded.current.get(account_id)
    if contact is not None:
        facts["today"] = day_of(now, first_zone(contact.time_zone, account.time_zone, vocabulary.defaults.time_zone))
        facts["contact"] = _subject_contact(contact, loaded.people[account_id], declared, facts["today"])
    facts["contract"] = contract_facts(contract, declared) if contract is not None else None
    facts["usage"] = usage_facts(
        loaded.usage.get(account_id), as_of=facts["today"], contact_id=contact.id if contact is not None else None
    )
    return facts


def _shared(account: Any, loaded: _Loaded, vocabulary: Vocabulary, declared: Declared, now: datetime) -> dict[str, Any]:
    """What all subjects of an account have in common."""
    locale = account.locale or vocabulary.defaults.locale
    time_zone = account.time_zone or vocabulary.defaults.time_zone
    today = day_of(now, first_zone(time_zone))
    if locale not in loaded.companies:
        loaded.companies[locale] = vocabulary.company.facts(locale)
    company = loaded.companies[locale]
    senders = {
        **{role: _staff_facts(member, locale) for role, member in loaded.executives.items()},
        **{role: _staff_facts(loaded.owners.get((account.id, role)), locale) for role in ("csm", "sales")},
    }
    people = loaded.people[account.id] = _people(loaded.members[account.id], declared, today)
    return {
        "account": {**account_facts(account, declared), "locale": locale, "time_zone": time_zone},
        "contact": None,
        "handoff": handoff_facts(account.traits),
        "goal": goal_facts(account.traits),
        "company": company,
        "team": company.get("team", {}),
        "csm": senders["csm"],
        "sales": senders["sales"],
        "senders": senders,
        "people": people,
        "today": today,
        "now": now,
    }


def _people(members: Sequence[Any], declared: Declared, today: date) -> tuple[Person, ...]:
    return tuple(
        Person(
            id=row.id,
            roles=tuple(row.roles),
            is_staff=row.is_staff,
            has_left=row.left_at is not None,
            facts=contact_facts(row, declared, roles=list(row.roles), since=row.since, today=today),
        )
        for row in members
    )


def _subject_contact(contact: Any, people: Sequence[Person], declared: Declared, today: date) -> Mapping[str, Any]:
    here = next((person for person in people if person.id == contact.id), None)
    return here.facts if here else contact_facts(contact, declared, roles=[], since=None, today=today)


def _staff_facts(member: StaffMember | None, locale: str) -> dict[str, Any] | None:
    if member is None:
        return None
    language = "ja" if locale.startswith("ja") else "en"
    return {
        "id": member.id,
        "name": name_of(member, language),
        "family_name": member.family_name,
        "title": member.title.get(language),
        "department": member.department.get(language),
        "email": member.email,
        "phone": member.phone,
        "hours": member.hours.get(language),
    }
