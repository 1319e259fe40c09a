"""Turns what was learned into runs: resolve, match, enrol, wake; one digest at a time, in the order of arrival."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.facts import Subject
from engage.customers.loading import CONTACT_LEFT
from engage.customers.projecting import HAS_LEFT
from engage.customers.resolving import resolve
from engage.customers.tables import Contact, Contract, Membership
from engage.db.session import nudge
from engage.db.sets import among, one_of
from engage.events.timeline import EventRow
from engage.events.trait_checks import CONSENT_EVENTS
from engage.journeys.entering import Candidate, enter
from engage.journeys.isolating import take_all
from engage.journeys.merging import follow_merges
from engage.journeys.shadows import listening
from engage.journeys.skipping import TOO_LATE
from engage.journeys.timing import is_too_late
from engage.journeys.turns import hold_lease
from engage.journeys.waking import event_facts, is_believed, wake
from engage.keys import occurrence_of_event, occurrence_of_late_events, occurrence_once
from engage.language.spec import EventTrigger, ManualTrigger
from engage.language.vocabulary import PLAYBOOK_STARTED
from engage.messages.requesting import ask_to_confirm
from engage.messages.withdrawing import withdraw_from_gone
from engage.releases.library import Library, LivePlaybook

LEASE = "digest"
_contacts, _contracts = Contact.__table__.c, Contract.__table__.c
_OWN_STAFF = select(_contacts.id).where(among(_contacts.id, "ids"), _contacts.is_staff.is_(True))
_CONTRACTS = (
    select(_contracts.account_id, _contracts.external_id, _contracts.id, _contracts.state)
    .where(among(_contracts.account_id, "ids"))
    .order_by(_contracts.starts_on.is_not(None), _contracts.starts_on, _contracts.id)
)


def digest(session: Session, library: Library, *, now: datetime, limit: int = 1000) -> int:
    """Takes the next events through resolving, matching, enrolling and waking, once and in order; how many.

    One transaction under one lock row: a second digest finds nothing to do instead of doing it twice. An event that
    cannot be taken is set aside; if only its runs fail, what it says of the customer holds.
    """
    if not hold_lease(session, LEASE):
        return 0

    def take(events: Sequence[EventRow]) -> None:
        only_resolve(events)
        enter(session, library, list(_matches(session, listening(session, library), events)), now=now)
        wake(session, library, events, now=now)

    def only_resolve(events: Sequence[EventRow]) -> None:
        follow_merges(session, resolve(session, events, now=now), now=now)
        withdraw_from_gone(session, _perhaps_gone(events), now=now)
        ask_to_confirm(session, library, _who_spoke_of_mail(events), now=now)

    taken = take_all(session, take, otherwise=only_resolve, limit=limit, now=now)
    if taken == limit:
        nudge(session, "digest")
    return taken


def _perhaps_gone(events: Sequence[EventRow]) -> set[int]:
    """Those of whom an event says that they left."""
    told = (event for event in events if event.name == CONTACT_LEFT or HAS_LEFT in event.properties)
    return {event.contact_id for event in told if event.contact_id is not None}


def _who_spoke_of_mail(events: Sequence[EventRow]) -> set[int]:
    """Those who may have said yes to a topic of mail."""
    told = (event for event in events if event.name in CONSENT_EVENTS or "consents" in event.properties)
    return {event.contact_id for event in told if event.contact_id is not None}


def _matches(session: Session, live: Sequence[LivePlaybook], events: Sequence[EventRow]) -> Iterator[Candidate]:
    """A candidate for each event that a live playbook starts with; our own staff starts nothing."""
    hearing: dict[str, list[LivePlaybook]] = defaultdict(list)
    for playbook in live:
        hearing[PLAYBOOK_STARTED].append(playbook)
        if isinstance(playbook.playbook.trigger, EventTrigger):
            hearing[playbook.playbook.trigger.event].append(playbook)
    told = (event for event in events if event.account_id is not None and is_believed(event))
    named = [event for event in told if event.name in hearing]
    if not named:
        return
    staff = _own_staff(session, named)
    contracts = _contracts_of(session, named)
    roles = _roles_of(session, named)
    for event in named:
        if event.contact_id in staff:
            continue
        for playbook in hearing[event.name]:
            candidate = _candidate(playbook, event, contracts, roles)
            if candidate is not None:
                yield candidate


def _candidate(
    live: LivePlaybook,
    event: EventRow,
    contracts: Mapping[tuple[int, str | None], tuple[int, str]],
    roles: Mapping[int, Sequence[str]],
) -> Candidate | None:
    trigger = live.playbook.trigger
    facts = event_facts(event) | ({"roles": list(roles[event.id])} if event.id in roles else {})
    if event.name == PLAYBOOK_STARTED:
        if not _is_started(live, event):
            return None
    elif isinstance(trigger, EventTrigger) and trigger.if_ is not None and not trigger.if_.holds({"event": facts}):
        return None
    assert event.account_id is not None  # noqa: S101
    named = event.properties.get("contract_id")
    contract = contracts.get((event.account_id, str(named) if named is not None else None))
    subject = _subject(live.playbook.subject, event, contract[0] if contract else None)
    if subject is None:
        return None
    late = isinstance(trigger, EventTrigger) and is_too_late(trigger, event.occurred_at, learned_at=event.received_at)
    told = {"event": facts} | ({"contract": contract[1]} if contract else {})
    return Candidate(live, subject, _occurrence(live, event, late=late), told, skip=TOO_LATE if late else None)


def _is_started(live: LivePlaybook, event: EventRow) -> bool:
    """Whether the event starts this playbook: a step starts any, a colleague those that are for it."""
    is_ours = event.properties.get("playbook") == live.playbook.key
    return is_ours and ("started_by" in event.properties or isinstance(live.playbook.trigger, ManualTrigger))


def _occurrence(live: LivePlaybook, event: EventRow, *, late: bool) -> str:
    if live.playbook.reentry.rule == "once":
        return occurrence_once()
    return occurrence_of_late_events(event.received_at.date()) if late else occurrence_of_event(event.id)


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
    return frozenset(session.scalars(_OWN_STAFF, {"ids": list(people)}))


def _roles_of(session: Session, events: Sequence[EventRow]) -> dict[int, Sequence[str]]:
    """What the person of a `contact.…` event is at the account, or was until they left it; by event."""
    told = [event for event in events if event.name.startswith("contact.") and event.contact_id is not None]
    if not told:
        return {}
    asked = select(Membership.contact_id, Membership.account_id, Membership.roles).order_by(Membership.since)
    rows = session.execute(asked.where(one_of(Membership.contact_id, {event.contact_id for event in told})))
    newest: dict[tuple[int | None, int | None], Sequence[str]] = {(row[0], row[1]): row[2] for row in rows}
    return {event.id: newest.get((event.contact_id, event.account_id), ()) for event in told}


def _contracts_of(session: Session, events: Sequence[EventRow]) -> dict[tuple[int, str | None], tuple[int, str]]:
    """Contracts by account and external id; under None the account's current one."""
    accounts = {event.account_id for event in events if event.account_id is not None}
    rows = session.execute(_CONTRACTS, {"ids": list(accounts)})
    found: dict[tuple[int, str | None], tuple[int, str]] = {}
    for account_id, external_id, id_, state in rows:
        found[account_id, external_id] = (id_, external_id)
        if state == "active":
            found[account_id, None] = (id_, external_id)
    return found
