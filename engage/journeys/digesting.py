"""Turns what was learned into runs: resolve, match, enrol, wake; one digest at a time, in the order of arrival."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.facts import Subject
from engage.customers.resolving import resolve
from engage.customers.tables import Contact, Contract
from engage.db.bulk import insert_ignore
from engage.db.session import nudge
from engage.db.sets import one_of
from engage.events.timeline import EventRow, unresolved
from engage.journeys.entering import Candidate, enter
from engage.journeys.tables import Lease
from engage.journeys.waking import event_facts, wake
from engage.keys import occurrence_of_event, occurrence_once
from engage.language.spec import EventTrigger
from engage.releases.library import Library, LivePlaybook

LEASE = "digest"


def digest(session: Session, library: Library, *, now: datetime, limit: int = 1000) -> int:
    """Takes the next events through resolving, matching, enrolling and waking, once and in order; how many.

    One transaction under one lock row: a second digest finds nothing to do instead of doing it twice.
    """
    if not _take_lock(session):
        return 0
    events = unresolved(session, limit=limit)
    if not events:
        return 0
    resolve(session, events, now=now)
    enter(session, library, list(_matches(session, library.live(session), events)), now=now)
    wake(session, library, events, now=now)
    if len(events) == limit:
        nudge(session, "digest")
    return len(events)


def _take_lock(session: Session) -> bool:
    lock = select(Lease.name).where(Lease.name == LEASE).with_for_update(skip_locked=True)
    if session.scalar(lock) is not None:
        return True
    insert_ignore(session, Lease, [{"name": LEASE, "due_at": None, "fence": 0}])
    return session.scalar(lock) is not None


def _matches(session: Session, live: Sequence[LivePlaybook], events: Sequence[EventRow]) -> Iterator[Candidate]:
    """A candidate for each event that a live playbook starts with; our own staff starts nothing."""
    listening: dict[str, list[LivePlaybook]] = defaultdict(list)
    for playbook in live:
        if isinstance(playbook.playbook.trigger, EventTrigger):
            listening[playbook.playbook.trigger.event].append(playbook)
    named = [event for event in events if event.name in listening and event.account_id is not None]
    if not named:
        return
    staff = _own_staff(session, named)
    contracts = _contracts_of(session, named)
    for event in named:
        if event.contact_id in staff:
            continue
        for playbook in listening[event.name]:
            candidate = _candidate(playbook, event, contracts)
            if candidate is not None:
                yield candidate


def _candidate(
    live: LivePlaybook, event: EventRow, contracts: Mapping[tuple[int, str | None], tuple[int, str]]
) -> Candidate | None:
    trigger = live.playbook.trigger
    facts = event_facts(event)
    if isinstance(trigger, EventTrigger) and trigger.if_ is not None and not trigger.if_.holds({"event": facts}):
        return None
    assert event.account_id is not None  # noqa: S101
    named = event.properties.get("contract_id")
    contract = contracts.get((event.account_id, str(named) if named is not None else None))
    subject = _subject(live.playbook.subject, event, contract[0] if contract else None)
    if subject is None:
        return None
    once = live.playbook.reentry.rule == "once"
    occurrence = occurrence_once() if once else occurrence_of_event(event.id)
    told = {"event": facts}
    return Candidate(live, subject, occurrence, told | ({"contract": contract[1]} if contract else {}))


def _subject(kind: str, event: EventRow, contract_id: int | None) -> Subject | None:
    subject_id = {"account": event.account_id, "contact": event.contact_id, "contract": contract_id}[kind]
    if subject_id is None:
        return None
    contact_id = event.contact_id if kind == "contact" else None
    return Subject(kind, subject_id, event.account_id, contact_id, contract_id)


def _own_staff(session: Session, events: Sequence[EventRow]) -> frozenset[int]:
    people = {event.contact_id for event in events if event.contact_id is not None}
    if not people:
        return frozenset()
    return frozenset(session.scalars(select(Contact.id).where(one_of(Contact.id, people), Contact.is_staff.is_(True))))


def _contracts_of(session: Session, events: Sequence[EventRow]) -> dict[tuple[int, str | None], tuple[int, str]]:
    """Contracts by account and external id; under None the account's current one."""
    accounts = {event.account_id for event in events}
    rows = session.execute(
        select(Contract.account_id, Contract.external_id, Contract.id, Contract.state)
        .where(one_of(Contract.account_id, accounts))
        .order_by(Contract.starts_on.is_not(None), Contract.starts_on, Contract.id)
    ).all()
    found: dict[tuple[int, str | None], tuple[int, str]] = {}
    for account_id, external_id, id_, state in rows:
        found[account_id, external_id] = (id_, external_id)
        if state == "active":
            found[account_id, None] = (id_, external_id)
    return found
