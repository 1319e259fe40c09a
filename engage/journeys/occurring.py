"""Date triggers: who has come to a date, a recurrence, or the end of a wait for something that did not come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engage.calendars.zones import day_of
from engage.customers.facts import Subject
from engage.customers.tables import Account, Contact
from engage.customers.usage import Period
from engage.db.sets import one_of
from engage.events.tables import Event
from engage.journeys.becoming import turned_true
from engage.journeys.broadcasting import enrol_broadcast
from engage.journeys.entering import Candidate, enter
from engage.journeys.knowing import know
from engage.journeys.moving import follow_moved_dates
from engage.journeys.prospects import LIGHT_ROOTS, Prospect, prospects
from engage.journeys.shadows import is_shadow, listening
from engage.journeys.sieving import due
from engage.journeys.skipping import TOO_LATE
from engage.journeys.surroundings import Surroundings
from engage.journeys.timing import LOOK_BACK, Occurrence, approval_room, of_absence, of_date, of_recurrence
from engage.journeys.turns import hold_lease, hold_leases, make_leases, take_scan
from engage.language.expressions import Expression
from engage.language.spec import (
    AbsentTrigger,
    BecomesTrigger,
    DateTrigger,
    EventTrigger,
    EveryTrigger,
    ManualTrigger,
    OnceTrigger,
)
from engage.releases.library import Library, LivePlaybook

# Local days begin at full or half hours; between two full looks only customers that changed are looked at.
FULL_LOOK = timedelta(minutes=30)


def enrol_occurrences(session: Session, library: Library, *, now: datetime) -> int:
    """Enrols every subject whose date has come; a passed one becomes a row with its reason. How many."""
    playbooks = dated(session, library)
    held = hold_leases(session, [_lease_of(live) for live in playbooks])
    return sum(_enrol(session, library, live, now=now) for live in playbooks if _lease_of(live) in held)


def dated(session: Session, library: Library) -> list[LivePlaybook]:
    """The live playbooks that no event starts, but a date, or a condition that is looked at now and then."""
    live = listening(session, library)
    found = [one for one in live if is_dated(one)]
    make_leases(session, [_lease_of(one) for one in found])
    return found


def is_dated(live: LivePlaybook) -> bool:
    """Whether a look now and then starts it; so it is with every kind of trigger but those that news start at once."""
    return not isinstance(live.playbook.trigger, EventTrigger | ManualTrigger)


def enrol_dates(session: Session, library: Library, live: LivePlaybook, *, now: datetime) -> int:
    """Enrols whoever's date has come for one playbook; nobody where another worker is just doing that. How many."""
    return _enrol(session, library, live, now=now) if hold_lease(session, _lease_of(live)) else 0


def _lease_of(live: LivePlaybook) -> str:
    return f"dates:{live.key}"


def _scan_of(live: LivePlaybook) -> str:
    """A new version looks at all at once; so does a shadow, and again when it is made live."""
    return f"occurrences:{live.key if is_shadow(live.key) else live.version_id}"


def _enrol(session: Session, library: Library, live: LivePlaybook, *, now: datetime) -> int:
    trigger = live.playbook.trigger
    if isinstance(trigger, OnceTrigger):
        return enrol_broadcast(session, library, live, trigger, now=now)
    if isinstance(trigger, BecomesTrigger):
        return enter(session, library, turned_true(session, library, live, trigger, now=now), now=now)
    changed_since = take_scan(session, _scan_of(live), every=FULL_LOOK, now=now).changed_since
    surroundings = Surroundings(library.vocabulary(session))
    if isinstance(trigger, AbsentTrigger) and isinstance(trigger.since, str):
        found = _absent_since_event(session, live, trigger, surroundings, now=now)
        return enter(session, library, found, now=now)
    entered = 0
    concerned = due(session, library, live, now=now, changed_since=changed_since)
    for chunk in prospects(session, surroundings.vocabulary, live.playbook.subject, concerned):
        known = _with_facts(session, library, live, chunk, surroundings, now=now)
        if isinstance(trigger, DateTrigger):
            anchors = {one.subject.id: day for one in known if (day := _date(trigger.date, one.facts)) is not None}
            follow_moved_dates(session, library, live, trigger, anchors, now=now)
        candidates = [made for one in known if (made := _candidate(live, one, surroundings, now=now)) is not None]
        if isinstance(trigger, AbsentTrigger):
            candidates = _still_absent(session, trigger, candidates)
        entered += enter(session, library, candidates, now=now)
    return entered


def _candidate(live: LivePlaybook, one: Prospect, surroundings: Surroundings, *, now: datetime) -> Candidate | None:
    found = occurrence_at(live, one, surroundings, now=now)
    if found is None:
        return None
    recurs = isinstance(live.playbook.trigger, EveryTrigger | AbsentTrigger)
    if recurs and found.is_late and one.known_since > found.due_at:
        return None
    return _to_candidate(live, one.subject, found, {"contract": one.contract} if one.contract else {})


def _to_candidate(live: LivePlaybook, subject: Subject, found: Occurrence, more: Mapping[str, Any]) -> Candidate:
    trigger = {"occurrence": found.facts, **more}
    subject = replace(subject, period=Period.of(found.facts))
    return Candidate(live, subject, found.key, trigger, skip=TOO_LATE if found.is_late else None)


def occurrence_at(live: LivePlaybook, one: Prospect, surroundings: Surroundings, *, now: datetime) -> Occurrence | None:
    """The occurrence of a date, a recurrence, or an absence from a date that one subject has come to by now."""
    trigger, account = live.playbook.trigger, one.facts["account"]
    place = surroundings.place(account.get("time_zone"), account.get("country"))
    match trigger:
        case DateTrigger():
            anchor = _date(trigger.date, one.facts)
            if anchor is None:
                return None
            return of_date(
                trigger,
                anchor,
                place=place,
                now=now,
                approval_days=_room(live, account.get("touch_model"), surroundings),
                term_days=(one.facts.get("contract") or {}).get("term_days"),
            )
        case EveryTrigger():
            anchor = _anchor(trigger.anchor, one.facts)
            month = account.get("fiscal_year_end_month")
            return of_recurrence(trigger, anchor, fiscal_year_end_month=month, place=place, now=now)
        case AbsentTrigger():
            since = trigger.since.evaluate(one.facts) if isinstance(trigger.since, Expression) else None
            return of_absence(trigger, since, place=place, now=now) if since is not None else None
        case _:
            return None


def _room(live: LivePlaybook, touch_model: str | None, surroundings: Surroundings) -> int:
    """How many open days an approval may take, reckoned once for all accounts of a touch model."""
    kind = live.version_id, touch_model or ""
    if kind not in surroundings.rooms:
        surroundings.rooms[kind] = approval_room(live.playbook, surroundings.vocabulary.touch_model(touch_model))
    return surroundings.rooms[kind]


def _anchor(anchor: Expression | date | str, facts: Mapping[str, Any]) -> date | None:
    if isinstance(anchor, Expression):
        return _date(anchor, facts)
    return anchor if isinstance(anchor, date) else None


def _date(expression: Expression, facts: Mapping[str, Any]) -> date | None:
    value = expression.evaluate(facts)
    return value.date() if isinstance(value, datetime) else value


def _with_facts(
    session: Session,
    library: Library,
    live: LivePlaybook,
    chunk: Sequence[Prospect],
    surroundings: Surroundings,
    *,
    now: datetime,
) -> list[Prospect]:
    """The prospects with all the facts that the trigger's dates ask for; the light ones are mostly enough."""
    if {name.partition(".")[0] for name in _asked(live)} <= LIGHT_ROOTS:
        return [_with_today(one, surroundings, now) for one in chunk]
    loaded = know(session, library, [one.subject for one in chunk], now=now)
    return [Prospect(one.subject, loaded.get(one.subject, one.facts), one.contract, one.known_since) for one in chunk]


def _asked(live: LivePlaybook) -> frozenset[str]:
    trigger = live.playbook.trigger
    dates = [getattr(trigger, name, None) for name in ("date", "anchor", "since")]
    return frozenset(name for one in dates if isinstance(one, Expression) for name in one.names)


def _with_today(one: Prospect, surroundings: Surroundings, now: datetime) -> Prospect:
    account = one.facts["account"]
    zone = surroundings.place(account.get("time_zone"), account.get("country")).zone
    return Prospect(one.subject, {**one.facts, "today": day_of(now, zone), "now": now}, one.contract, one.known_since)


def _still_absent(session: Session, trigger: AbsentTrigger, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those of the candidates at whom the event really has not come since; our own staff's does not count."""
    if not candidates:
        return []
    accounts = {candidate.subject.account_id for candidate in candidates}
    came: dict[tuple[int | None, int | None], datetime] = {}
    rows = session.execute(
        select(Event.account_id, Event.contact_id, Event.occurred_at)
        .outerjoin(Contact, Contact.id == Event.contact_id)
        .where(Event.name == trigger.absent, one_of(Event.account_id, accounts))
        .where(or_(Contact.id.is_(None), Contact.is_staff.is_(False)))
        .order_by(Event.occurred_at)
    )
    for account_id, contact_id, occurred_at in rows:
        came[account_id, None] = occurred_at
        came[account_id, contact_id] = occurred_at
    return [candidate for candidate in candidates if not _has_come(candidate, came)]


def _has_come(candidate: Candidate, came: Mapping[tuple[int | None, int | None], datetime]) -> bool:
    subject = candidate.subject
    last = came.get((subject.account_id, subject.contact_id if subject.kind == "contact" else None))
    since = datetime.fromisoformat(candidate.trigger["occurrence"]["since"])
    return last is not None and last >= since


def _absent_since_event(
    session: Session, live: LivePlaybook, trigger: AbsentTrigger, surroundings: Surroundings, *, now: datetime
) -> list[Candidate]:
    """Candidates for an event that should have followed another."""
    oldest = now - trigger.within.roughly - LOOK_BACK
    rows = session.execute(
        select(Event.id, Event.occurred_at, Event.account_id, Event.contact_id, Account.time_zone, Account.country)
        .join(Account, Account.id == Event.account_id)
        .where(Event.name == trigger.since, Event.occurred_at >= oldest, Event.occurred_at <= now)
        .where(Account.is_test.is_(False))
        .order_by(Event.id)
    )
    return _still_absent(session, trigger, list(_due_absences(live, trigger, rows, surroundings, now=now)))


def _due_absences(
    live: LivePlaybook, trigger: AbsentTrigger, rows: Iterable[Any], surroundings: Surroundings, *, now: datetime
) -> Iterator[Candidate]:
    kind = live.playbook.subject
    for row in rows:
        place = surroundings.place(row.time_zone, row.country)
        found = of_absence(trigger, row.occurred_at, place=place, now=now)
        subject_id = row.contact_id if kind == "contact" else row.account_id
        if found is not None and subject_id is not None and kind != "contract":
            contact_id = row.contact_id if kind == "contact" else None
            yield _to_candidate(live, Subject(kind, subject_id, row.account_id, contact_id, None), found, {})
