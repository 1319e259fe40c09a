"""Carries decisions out: a chunk of due runs is held, decided one by one, and written in bulk, in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from engage.customers.facts import EVERYTHING, OF_WEEKS, Subject
from engage.db.bulk import insert_ignore
from engage.db.sets import one_of
from engage.events.recording import record
from engage.journeys.assigning import keep_ways, ways_taken
from engage.journeys.decide import decide
from engage.journeys.decisions import (
    Assigned,
    Decided,
    Decision,
    Ended,
    FactsSet,
    FormAsked,
    Notified,
    Ordered,
    RunState,
    Started,
    TaskRaised,
    Waiting,
)
from engage.journeys.entering import wait_row
from engage.journeys.fact_events import fact_events
from engage.journeys.holding import hold
from engage.journeys.journal import rows_of
from engage.journeys.knowing import know
from engage.journeys.noticing import notices_of
from engage.journeys.reading import next_step, read_ahead
from engage.journeys.rehearing import hear_again
from engage.journeys.rehearsing import rehearse, take_back
from engage.journeys.runs import Run, claim_due, write_states
from engage.journeys.shadows import is_shadow
from engage.journeys.splitting import WAYS_TAKEN
from engage.journeys.starting import start_events
from engage.journeys.surroundings import Surroundings
from engage.journeys.tables import StepRun, Wait
from engage.journeys.unseen import KIND as UNSEEN
from engage.keys import task_of_step
from engage.language.spec import EmailStep
from engage.language.vocabulary import FORM_FILLED
from engage.messages.cancelling import cancel_pending
from engage.messages.composing import shows_weeks
from engage.messages.drafting import draft
from engage.messages.orders import MessageOrder
from engage.notices.raising import raise_notices
from engage.releases.library import Library, LivePlaybook
from engage.releases.pauses import pauses
from engage.tasks.raising import NewTask, raise_tasks

log = logging.getLogger(__name__)

# A wait is looked at once more this soon: on PostgreSQL an event may be digested while its wait is being written.
LOOK_AGAIN = timedelta(seconds=30)
LONGEST_REST = timedelta(hours=6)


@dataclass(slots=True)
class _Effects:
    """What a chunk of decisions adds up to."""

    states: list[tuple[Run, RunState]] = field(default_factory=list)
    journal: list[dict[str, Any]] = field(default_factory=list)
    orders: list[MessageOrder] = field(default_factory=list)
    tasks: list[NewTask] = field(default_factory=list)
    waits: list[dict[str, Any]] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    assigned: list[tuple[Run, Assigned]] = field(default_factory=list)
    noted: list[tuple[Run, FactsSet, Mapping[str, Any]]] = field(default_factory=list)
    news: list[tuple[Run, Notified, Mapping[str, Any]]] = field(default_factory=list)
    started: list[tuple[Run, Started, Mapping[str, Any]]] = field(default_factory=list)
    cut_short: dict[str, list[int]] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)


def advance(session: Session, library: Library, *, now: datetime, limit: int = 500) -> int:
    """Takes due runs as far as they can go now and writes all that follows from it; how many runs."""
    runs = claim_due(session, now=now, limit=limit)
    if not runs:
        return 0
    heard = hear_again(session, library, runs, now=now)
    carry_on(session, library, heard, _facts_for(session, library, runs, now), now=now)
    return len(runs)


def _facts_for(session: Session, library: Library, runs: Sequence[Run], now: datetime) -> dict[Subject, dict[str, Any]]:
    """The facts that the next stretch of each run may ask: mostly few where it only begins to wait."""
    few: dict[Subject, frozenset[str]] = {}
    ahead: dict[tuple[int, str | None], frozenset[str]] = {}  # runs of a version mostly stand at the same few steps
    for run in runs:
        live = library.playbook(session, run.version_id)
        begins = run.version_id, next_step(live.program, run.state)
        if begins not in ahead:
            ahead[begins] = read_ahead(live.playbook, live.program, begins[1])
            if ahead[begins] >= EVERYTHING and _shows_weeks(session, library, live):
                ahead[begins] |= {OF_WEEKS}
        few[run.subject] = few.get(run.subject, frozenset()) | ahead[begins]
    known: dict[Subject, dict[str, Any]] = {}
    for reading in set(few.values()):
        subjects = [subject for subject, read in few.items() if read == reading]
        known |= know(session, library, subjects, now=now, reading=reading)
    return known


def _shows_weeks(session: Session, library: Library, live: LivePlaybook) -> bool:
    ids = {key for by_locale in live.templates.values() for key in by_locale.values()}
    return any(shows_weeks(library.template(session, key)) for key in sorted(ids))


def carry_on(
    session: Session,
    library: Library,
    runs: Iterable[Run],
    facts: Mapping[Subject, Mapping[str, Any]],
    *,
    now: datetime,
) -> None:
    """Decides for runs that this transaction holds, and writes the effects; of a shadow's runs, nobody hears."""
    runs = list(runs)
    heard = [run for run in runs if not is_shadow(run.playbook_key)]
    _write(session, library, _decided(session, library, heard, facts, now=now), now=now)
    if len(heard) < len(runs):
        unheard = [run for run in runs if is_shadow(run.playbook_key)]
        _note(session, library, _decided(session, library, unheard, facts, now=now), now=now)


def _decided(
    session: Session,
    library: Library,
    runs: Sequence[Run],
    facts: Mapping[Subject, Mapping[str, Any]],
    *,
    now: datetime,
) -> _Effects:
    surroundings = Surroundings(library.vocabulary(session))
    effects = _Effects()
    split = [run for run in runs if library.playbook(session, run.version_id).program.splits]
    taken = ways_taken(session, split) if split else {}
    paused = pauses(session)  # asked once the runs are held: a resume that came before has been seen
    for run in runs:
        live = library.playbook(session, run.version_id)
        known = {**facts.get(run.subject, {}), WAYS_TAKEN: taken.get((run.playbook_key, run.subject.account_id), {})}
        try:
            if run.playbook_key in paused:
                decided = hold(live.playbook, run.state, known, now, surroundings=surroundings)
            else:
                decided = decide(live.playbook, live.program, run.state, known, now, surroundings=surroundings)
        except Exception:
            log.exception("a run could not be decided", extra={"enrolment_id": run.id, "playbook": run.playbook_key})
            effects.states.append((run, _rested(run.state, now)))
        else:
            _collect(effects, run, live, decided, known, now)
    return effects


def _rested(state: RunState, now: datetime) -> RunState:
    """The same state, due again later, each time later: one bad run never holds up the others."""
    failures = int(state.memory.get("failures", 0)) + 1
    rest = min(timedelta(minutes=2**failures), LONGEST_REST)
    return replace(state, memory={**state.memory, "failures": failures}, due_at=now + rest)


def _collect(
    effects: _Effects, run: Run, live: LivePlaybook, decided: Decided, facts: Mapping[str, Any], now: datetime
) -> None:
    state = decided.state
    effects.journal.extend(rows_of(run.id, decided.decisions, now))
    if (run.state.memory.get("wait") or {}).get("kind") in ("event", "form", UNSEEN) and decided.decisions:
        effects.heard.append(run.id)
    for decision in decided.decisions:
        _collect_one(effects, run, live, decision, facts, now)
    if isinstance(last := _last(decided.decisions), Waiting) and last.events:
        state = replace(state, due_at=min(last.until, now + LOOK_AGAIN))
        effects.waits.extend(wait_row(run.id, run.subject, "wait", name) for name in last.events)
    effects.states.append((run, state))


def _collect_one(
    effects: _Effects, run: Run, live: LivePlaybook, decision: Decision, facts: Mapping[str, Any], now: datetime
) -> None:
    match decision:
        case Ordered():
            effects.orders.append(_order(run, live, decision, now))
        case Assigned():
            effects.assigned.append((run, decision))
        case FactsSet():
            effects.noted.append((run, decision, facts))
        case Notified():
            effects.news.append((run, decision, facts))
        case Started():
            effects.started.append((run, decision, facts))
        case TaskRaised():
            effects.tasks.append(_task(run, decision))
        case FormAsked():
            effects.tasks.append(replace(_task(run, decision), fields=decision.fields))
            effects.waits.append(wait_row(run.id, run.subject, "wait", FORM_FILLED))
        case Ended():
            effects.ended.append(run.id)
            effects.reasons[run.id] = decision.reason
            if decision.reason != "completed":
                effects.cut_short.setdefault(f"{decision.state}: {decision.reason}", []).append(run.id)
        case _:
            pass


def _write(session: Session, library: Library, effects: _Effects, *, now: datetime) -> None:
    for reason, ids in effects.cut_short.items():
        cancel_pending(session, enrolment_ids=ids, reason=reason, now=now)
    _keep(session, effects, now)
    if effects.orders:
        draft(session, library, effects.orders, now=now)
    if effects.assigned:
        keep_ways(session, effects.assigned, now=now)
    if effects.noted:
        record(session, list(fact_events(effects.noted, now=now)))
    if effects.news:
        raise_notices(session, list(notices_of(effects.news, now=now)), now=now)
    if effects.started:
        record(session, list(start_events(effects.started, now=now)))
    if effects.tasks:
        raise_tasks(session, effects.tasks, now=now)


def _keep(session: Session, effects: _Effects, now: datetime) -> None:
    """The runs themselves: what they decided, what they wait for, where they stand."""
    insert_ignore(session, StepRun, effects.journal)
    _forget_waits(session, effects)
    insert_ignore(session, Wait, effects.waits)
    write_states(session, effects.states, now=now, reasons=effects.reasons)


def _note(session: Session, library: Library, effects: _Effects, *, now: datetime) -> None:
    """A shadow's effects: its messages are written down as what would have been sent; all else is in its journal."""
    for reason, ids in effects.cut_short.items():
        take_back(session, ids, reason=reason, now=now)
    effects.states = rehearse(session, library, effects.orders, effects.states, now=now)
    _keep(session, effects, now)


def _forget_waits(session: Session, effects: _Effects) -> None:
    if effects.ended:
        session.connection().execute(delete(Wait).where(one_of(Wait.enrolment_id, effects.ended)))
    if effects.heard:
        session.connection().execute(
            delete(Wait).where(one_of(Wait.enrolment_id, effects.heard), Wait.purpose == "wait")
        )


def _order(run: Run, live: LivePlaybook, decision: Ordered, now: datetime) -> MessageOrder:
    playbook, step = live.playbook, decision.step
    assert run.subject.account_id is not None  # noqa: S101  # whoever enters belongs to an account
    return MessageOrder(
        origin_id=run.id,
        step_id=decision.step_id,
        visit=decision.visit,
        playbook_key=run.playbook_key,
        subject_kind=run.subject.kind,
        account_id=run.subject.account_id,
        contract_id=run.subject.contract_id,
        contact_id=decision.person.id,
        channel="email" if isinstance(step, EmailStep) else "in_app",
        template=decision.template,
        templates=live.templates.get(decision.template, {}),
        sender=decision.sender,
        cc=decision.cc,
        topic=step.topic or playbook.topic,
        hours=step.hours or playbook.hours,
        approval=decision.approval,
        facts=decision.facts,
        due_at=run.not_before or now,
        wakes=decision.wakes,
        showing=decision.showing,
        follows=bool(run.state.memory.get("sent")),
    )


def _task(run: Run, decision: TaskRaised | FormAsked) -> NewTask:
    return NewTask(
        key=task_of_step(run.id, decision.step_id, decision.visit),
        account_id=run.subject.account_id,
        contact_id=run.subject.contact_id,
        title=decision.title,
        role=decision.role,
        reason=decision.reason if isinstance(decision, TaskRaised) else "form",
        due_at=decision.due_at,
        note=decision.note,
        playbook_key=run.playbook_key,
        replaces=decision.replaces if isinstance(decision, TaskRaised) else None,
    )


def _last(decisions: Sequence[Decision]) -> Decision | None:
    return decisions[-1] if decisions else None
