"""Conditions that turn true: since when each holds for whom, and who has come in because it did.

`since` is when we learned that it holds: what a customer's facts said in the meantime of an outage nobody saw. A fact
that is corrected before its time has come takes the row away again, so nothing starts from a mistake.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from engage.calendars.zones import day_of
from engage.customers.facts import Subject, read_for
from engage.db.bulk import insert_ignore
from engage.db.sets import one_of
from engage.journeys.entering import Candidate
from engage.journeys.knowing import know
from engage.journeys.prospects import LIGHT_ROOTS, Prospect, prospects
from engage.journeys.sieving import turning
from engage.journeys.surroundings import Surroundings
from engage.journeys.tables import HeldCondition
from engage.journeys.turns import take_scan
from engage.keys import occurrence_of_turn, occurrence_once
from engage.language.spec import BecomesTrigger
from engage.releases.library import Library, LivePlaybook

FULL_LOOK = timedelta(minutes=30)
WAITING, SETTLED = "waiting", "settled"
_held = HeldCondition.__table__.c
_WAITING = (
    select(*_held)
    .where(_held.playbook_key == bindparam("playbook"), _held.condition == bindparam("said"), _held.state == WAITING)
    .order_by(_held.id)
)


def turned_true(
    session: Session, library: Library, live: LivePlaybook, trigger: BecomesTrigger, *, now: datetime
) -> list[Candidate]:
    """Looks at who changed (now and then at all), keeps since when the condition holds, and says who may enter.

    Those for whom it holds when the condition is first published are kept as settled, unless `already: enter`.
    """
    name = f"becomes:{live.key}:{condition_id(live, trigger)}"
    scan = take_scan(session, name, every=FULL_LOOK, now=now)
    if scan.is_first:
        session.execute(delete(HeldCondition).where(HeldCondition.playbook_key == live.key))
    state = SETTLED if scan.is_first and trigger.already == "skip" else WAITING
    surroundings = Surroundings(library.vocabulary(session))
    condition = condition_id(live, trigger)
    turned = turning(session, library, live, condition=condition, now=now, changed_since=scan.changed_since)
    for chunk in prospects(session, surroundings.vocabulary, live.playbook.subject, turned):
        _keep(session, library, live, trigger, chunk, surroundings, state=state, now=now)
    return list(_due(session, library, live, trigger, surroundings, now=now))


def condition_id(live: LivePlaybook, trigger: BecomesTrigger) -> str:
    """What tells the condition from another of the same playbook: its meaning, not its version."""
    said = f"{live.playbook.subject}:{trigger.becomes}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _keep(
    session: Session,
    library: Library,
    live: LivePlaybook,
    trigger: BecomesTrigger,
    chunk: Sequence[Prospect],
    surroundings: Surroundings,
    *,
    state: str,
    now: datetime,
) -> None:
    """Writes down for whom it has turned true, and forgets for whom it has turned false."""
    facts = _facts(session, library, trigger, [(one.subject, one.facts) for one in chunk], surroundings, now=now)
    holds = {one.subject for one in chunk if trigger.becomes.holds(facts.get(one.subject, {}))}
    known = _known(session, live, trigger, [one.subject.id for one in chunk])
    over = [known[pair] for one in chunk if one.subject not in holds and (pair := _pair(one.subject)) in known]
    if over:
        session.execute(delete(HeldCondition).where(one_of(HeldCondition.id, over)))
    fresh = [one for one in chunk if one.subject in holds and _pair(one.subject) not in known]
    insert_ignore(session, HeldCondition, [_row(live, trigger, one, state, now) for one in fresh])


def _row(live: LivePlaybook, trigger: BecomesTrigger, one: Prospect, state: str, now: datetime) -> dict[str, Any]:
    return {
        "playbook_key": live.key,
        "condition": condition_id(live, trigger),
        "subject_kind": one.subject.kind,
        "subject_id": one.subject.id,
        "account_id": one.subject.account_id,
        "contract": one.contract,
        "since": now,
        "state": state,
    }


def _known(
    session: Session, live: LivePlaybook, trigger: BecomesTrigger, ids: Sequence[int]
) -> dict[tuple[int, int | None], int]:
    rows = session.execute(
        select(HeldCondition.subject_id, HeldCondition.account_id, HeldCondition.id).where(
            HeldCondition.playbook_key == live.key,
            HeldCondition.condition == condition_id(live, trigger),
            one_of(HeldCondition.subject_id, ids),
        )
    )
    return {(subject_id, account_id): id_ for subject_id, account_id, id_ in rows}


def _due(
    session: Session,
    library: Library,
    live: LivePlaybook,
    trigger: BecomesTrigger,
    surroundings: Surroundings,
    *,
    now: datetime,
) -> Iterator[Candidate]:
    """Those for whom it has held long enough and holds now; each is settled, whether or not it enters."""
    waiting = session.execute(_WAITING, {"playbook": live.key, "said": condition_id(live, trigger)}).all()
    if not waiting:
        return
    facts = _facts(session, library, trigger, [(_subject(row), {}) for row in waiting], surroundings, now=now)
    settled = []
    for row in waiting:
        known = facts.get(_subject(row), {})
        place = surroundings.place_of(known)
        if trigger.for_ is not None and place.after(row.since, trigger.for_) > now:
            continue
        if trigger.becomes.holds(known):
            settled.append(row.id)
            yield _candidate(live, trigger, row, day_of(row.since, place.zone).isoformat())
    if settled:
        session.execute(update(HeldCondition).where(one_of(HeldCondition.id, settled)).values(state=SETTLED))


def _candidate(live: LivePlaybook, trigger: BecomesTrigger, row: Any, day: str) -> Candidate:
    once = live.playbook.reentry.rule == "once"
    occurrence = occurrence_once() if once else occurrence_of_turn(row.condition, row.since)
    told = {"occurrence": {"date": day, "since": row.since.isoformat()}}
    return Candidate(live, _subject(row), occurrence, told | ({"contract": row.contract} if row.contract else {}))


def _subject(row: Any) -> Subject:
    contact_id = row.subject_id if row.subject_kind == "contact" else None
    contract_id = row.subject_id if row.subject_kind == "contract" else None
    return Subject(row.subject_kind, row.subject_id, row.account_id, contact_id, contract_id)


def _pair(subject: Subject) -> tuple[int, int | None]:
    return subject.id, subject.account_id


def _facts(
    session: Session,
    library: Library,
    trigger: BecomesTrigger,
    asked: Sequence[tuple[Subject, Mapping[str, Any]]],
    surroundings: Surroundings,
    *,
    now: datetime,
) -> dict[Subject, Mapping[str, Any]]:
    """The facts that the condition asks; the light ones where they are at hand and enough."""
    names = trigger.becomes.names
    if all(light for _, light in asked) and {name.partition(".")[0] for name in names} <= LIGHT_ROOTS - {"contact"}:
        return {subject: _with_today(light, surroundings, now) for subject, light in asked}
    found: dict[Subject, Mapping[str, Any]] = {}
    found.update(know(session, library, [subject for subject, _ in asked], now=now, reading=read_for(names)))
    return found


def _with_today(light: Mapping[str, Any], surroundings: Surroundings, now: datetime) -> dict[str, Any]:
    return {**light, "today": day_of(now, surroundings.place_of(light).zone), "now": now}
