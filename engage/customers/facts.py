"""Loads the facts of many subjects at once: a fixed number of statements for each chunk of 500."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Session

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
from engage.customers.hearing import HeardEvents
from engage.customers.recipients import Person
from engage.customers.tables import Account, Contact, Contract, Membership
from engage.customers.usage import Period, Usage, Window, count_usage, count_weeks, usage_facts
from engage.db.sets import among
from engage.language.customer_words import USE_CASE
from engage.language.tree import Heard
from engage.language.values import HEARD
from engage.language.vocabulary import Vocabulary
from engage.staff.people import name_of
from engage.staff.tables import AccountOwner, StaffMember

CHUNK = 500
EXECUTIVES = ("ceo", "cs_head")
OF_PEOPLE, OF_CONTRACTS, OF_USAGE, OF_STAFF = "people", "contract", "usage", "senders"
OF_WEEKS = "weeks"  # read only for the few mails that show them
OF_ANSWERS = "answers"  # kept by surveys; whoever runs playbooks adds them
EVERYTHING = frozenset({OF_PEOPLE, OF_CONTRACTS, OF_USAGE, OF_STAFF, OF_ANSWERS})
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
    "answers": {OF_ANSWERS, OF_CONTRACTS},
}


def _known(table: type[DeclarativeBase]) -> tuple[Any, ...]:
    """The columns that facts are made of; when each was said is for projecting alone, and long."""
    return tuple(column for column in table.__table__.c if column.key != "said_at")


# Asked for every chunk, so each is made once.
_contacts, _members, _contracts = Contact.__table__.c, Membership.__table__.c, Contract.__table__.c
_owned, _staff = AccountOwner.__table__.c, StaffMember.__table__.c
_ACCOUNTS = select(*_known(Account)).where(among(Account.__table__.c.id, "ids"))
_MEMBERS = (
    select(_members.account_id, _members.roles, _members.since, *_known(Contact))
    .join_from(Membership.__table__, Contact.__table__, _contacts.id == _members.contact_id)
    .where(among(_members.account_id, "ids"), _members.until.is_(None))
    .order_by(_contacts.email.is_(None), _members.learned_at, _members.id)
)
_GONE = select(*_known(Contact)).where(among(_contacts.id, "ids"))
_CONTRACTS = (
    select(*_known(Contract))
    .where(among(_contracts.account_id, "ids"))
    .order_by(_contracts.starts_on.is_not(None), _contracts.starts_on, _contracts.id)
)
_OWNERS = (
    select(_owned.account_id.label("owned_id"), _owned.role.label("owned_as"), *_staff)
    .join_from(AccountOwner.__table__, StaffMember.__table__, _staff.id == _owned.staff_id)
    .where(among(_owned.account_id, "ids"), _owned.until.is_(None), _staff.is_active)
    .order_by(_owned.id)
)
_LEADING = select(*_staff).where(_staff.position.in_(EXECUTIVES), _staff.is_active).order_by(_staff.id.desc())


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a playbook runs for: an account, a contact or a contract, with where it belongs."""

    kind: str
    id: int
    account_id: int | None
    contact_id: int | None
    contract_id: int | None
    period: Period | None = None  # the days its report is about; None = up to now


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
        loaded = _load(session, chunk, reading, vocabulary.defaults.time_zone, now)
        found |= {
            one: _facts(one, loaded, vocabulary, declared, now) for one in chunk if one.account_id in loaded.accounts
        }
    return found


def read_for(names: Iterable[str]) -> frozenset[str]:
    """What `load_facts` must read so that the facts of these names are true; a count is read by its own name."""
    parts = ({name} if Heard.named(name) else _parts_of(name) for name in names)
    return frozenset(part for several in parts for part in several)


def _parts_of(name: str) -> set[str]:
    parts = _READ_FOR.get(name.partition(".")[0], set())
    return parts | {OF_WEEKS} if name.startswith("usage.weeks") else parts


@dataclass(slots=True)
class _Loaded:
    """The rows behind one chunk, by account."""

    accounts: dict[int, Any]
    windows: dict[Subject, Window] = field(default_factory=dict)
    usage: Usage = field(default_factory=dict)
    members: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))
    contacts: dict[int, Any] = field(default_factory=dict)
    contracts: dict[int, Any] = field(default_factory=dict)
    current: dict[int, Any] = field(default_factory=dict)
    owners: dict[tuple[int, str], Any] = field(default_factory=dict)
    executives: dict[str, Any] = field(default_factory=dict)
    people: dict[int, tuple[Person, ...]] = field(default_factory=dict)
    companies: dict[str, dict[str, Any]] = field(default_factory=dict)
    shared: dict[int, dict[str, Any]] = field(default_factory=dict)
    heard: HeardEvents | None = None


def _load(
    session: Session, subjects: Sequence[Subject], reading: frozenset[str], time_zone: str, now: datetime
) -> _Loaded:
    ids = {one.account_id for one in subjects if one.account_id is not None}
    rows = session.execute(_ACCOUNTS, {"ids": list(ids)})
    accounts = {row.id: row for row in rows}
    loaded = _Loaded(accounts)
    if OF_USAGE in reading:
        _load_usage(session, loaded, subjects, time_zone, now)
        if OF_WEEKS in reading:
            zones = {account_id: first_zone(row.time_zone, time_zone) for account_id, row in accounts.items()}
            windows = {(account_id, window): zones[account_id] for account_id, window in loaded.usage}
            count_weeks(session, loaded.usage, windows, now=now)
    if OF_PEOPLE in reading:
        _load_people(session, loaded, subjects)
    if OF_CONTRACTS in reading:
        _load_contracts(session, loaded, subjects)
    if OF_STAFF in reading:
        _load_staff(session, loaded)
    asked = [one for name in reading if (one := Heard.named(name)) is not None]
    if asked:
        loaded.heard = HeardEvents(session, asked, accounts, now=now)
    return loaded


def _load_usage(session: Session, loaded: _Loaded, subjects: Sequence[Subject], time_zone: str, now: datetime) -> None:
    for one in subjects:
        account = loaded.accounts.get(one.account_id or 0)
        if account is not None and not account.is_test:
            loaded.windows[one] = Window.of(one.period, first_zone(account.time_zone, time_zone), now)
    asked = {(one.account_id or 0, window) for one, window in loaded.windows.items()}
    loaded.usage = count_usage(session, asked, now=now)


def _load_people(session: Session, loaded: _Loaded, subjects: Sequence[Subject]) -> None:
    """Everybody in the accounts: who can be written to first, then whom we have known longest.

    Not who has been there longest: that is the word of whoever sends it, and may reach back as far as they like.
    """
    for row in session.execute(_MEMBERS, {"ids": list(loaded.accounts)}):
        loaded.members[row.account_id].append(row)
        loaded.contacts[row.id] = row
    gone = {one.contact_id for one in subjects if one.contact_id is not None} - loaded.contacts.keys()
    if gone:
        for row in session.execute(_GONE, {"ids": list(gone)}):
            loaded.contacts[row.id] = row


def _load_contracts(session: Session, loaded: _Loaded, subjects: Sequence[Subject]) -> None:
    """The contracts of the accounts; the current one of each is the active one that started last."""
    for row in session.execute(_CONTRACTS, {"ids": list(loaded.accounts)}):
        loaded.contracts[row.id] = row
        if row.state == "active":
            loaded.current[row.account_id] = row


def _load_staff(session: Session, loaded: _Loaded) -> None:
    for member in session.execute(_OWNERS, {"ids": list(loaded.accounts)}):
        loaded.owners[member.owned_id, member.owned_as] = member
    for member in session.execute(_LEADING):
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
    window = loaded.windows.get(subject)
    facts["usage"] = usage_facts(
        loaded.usage.get((account_id, window)) if window else None,
        period=subject.period,
        today=facts["today"],
        contact_id=contact.id if contact is not None else None,
    )
    if loaded.heard is not None:
        alone = subject.contact_id if subject.kind == "contact" else None
        facts[HEARD] = loaded.heard.facts(account_id, alone, is_test=account.is_test)
    return facts


def _shared(account: Any, loaded: _Loaded, vocabulary: Vocabulary, declared: Declared, now: datetime) -> dict[str, Any]:
    """What all subjects of an account have in common."""
    locale = account.locale or vocabulary.defaults.locale
    time_zone = account.time_zone or vocabulary.defaults.time_zone
    today = day_of(now, first_zone(account.time_zone, vocabulary.defaults.time_zone))
    if locale not in loaded.companies:
        loaded.companies[locale] = vocabulary.company.facts(locale)
    company = loaded.companies[locale]
    senders = {
        **{role: _staff_facts(member, locale) for role, member in loaded.executives.items()},
        **{role: _staff_facts(loaded.owners.get((account.id, role)), locale) for role in ("csm", "sales")},
    }
    known = account_facts(account, declared)
    people = loaded.people[account.id] = _people(loaded.members[account.id], declared, today)
    return {
        "account": {**known, "locale": locale, "time_zone": time_zone},
        "contact": None,
        "handoff": handoff_facts(account.traits),
        "goal": goal_facts(account.traits),
        USE_CASE: vocabulary.use_cases.facts(vocabulary.use_cases.fitting(known), locale),
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


def _staff_facts(member: Any, locale: str) -> dict[str, Any] | None:
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
