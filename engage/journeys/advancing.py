"""Carries decisions out: a chunk of due runs is held, decided one by one, and written in bulk, in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from engage.customers.facts import Subject, load_facts
from engage.db.bulk import insert_ignore
from engage.db.sets import one_of
from engage.journeys.decide import decide
from engage.journeys.decisions import Decided, Decision, Ended, Ordered, RunState, TaskRaised, Waiting
from engage.journeys.entering import wait_row
from engage.journeys.journal import rows_of
from engage.journeys.reading import read_ahead
from engage.journeys.runs import Run, claim_due, write_states
from engage.journeys.surroundings import Surroundings
from engage.journeys.tables import StepRun, Wait
from engage.journeys.waking import hear_again
from engage.keys import task_of_step
from engage.language.spec import EmailStep
from engage.messages.cancelling import cancel_pending
from engage.messages.drafting import draft
from engage.messages.orders import MessageOrder
from engage.releases.library import Library, LivePlaybook
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
    cut_short: dict[str, list[int]] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)


def advance(session: Session, library: Library, *, now: datetime, limit: int = 500) -> int:
    """Takes due runs as far as they can go now and writes all that follows from it; how many runs."""
    runs = claim_due(session, now=now, limit=limit)
    if not runs:
        return 0
    carry_on(session, library, hear_again(session, library, runs), _facts_for(session, library, runs, now), now=now)
    return len(runs)


def _facts_for(session: Session, library: Library, runs: Sequence[Run], now: datetime) -> dict[Subject, dict[str, Any]]:
    """The facts that the next stretch of each run may ask: mostly few where it only begins to wait."""
    few: dict[Subject, frozenset[str]] = {}
    for run in runs:
        live = library.playbook(session, run.version_id)
        reading = read_ahead(live.playbook, live.program, run.state)
        few[run.subject] = few.get(run.subject, frozenset()) | reading
    known: dict[Subject, dict[str, Any]] = {}
    for reading in set(few.values()):
        subjects = [subject for subject, read in few.items() if read == reading]
        known |= load_facts(session, library, subjects, now=now, reading=reading)
    return known


def carry_on(
    session: Session,
    library: Library,
    runs: Iterable[Run],
    facts: Mapping[Subject, Mapping[str, Any]],
    *,
    now: datetime,
) -> None:
    """Decides for runs that this transaction holds, and writes the effects."""
    surroundings = Surroundings(library.vocabulary(session))
    effects = _Effects()
    for run in runs:
        live = library.playbook(session, run.version_id)
        try:
            decided = decide(
                live.playbook, live.program, run.state, facts.get(run.subject, {}), now, surroundings=surroundings
            )
        except Exception:
            log.exception("a run could not be decided", extra={"enrolment_id": run.id, "playbook": run.playbook_key})
            effects.states.append((run, _rested(run.state, now)))
        else:
            _collect(effects, run, live, decided, now)
    _write(session, library, effects, now=now)


def _rested(state: RunState, now: datetime) -> RunState:
    """The same state, due again later, each time later: one bad run never holds up the others."""
    failures = int(state.memory.get("failures", 0)) + 1
    rest = min(timedelta(minutes=2**failures), LONGEST_REST)
    return replace(state, memory={**state.memory, "failures": failures}, due_at=now + rest)


def _collect(effects: _Effects, run: Run, live: LivePlaybook, decided: Decided, now: datetime) -> None:
    state = decided.state
    effects.journal.extend(rows_of(run.id, decided.decisions, now))
    if (run.state.memory.get("wait") or {}).get("kind") == "event" and decided.decisions:
        effects.heard.append(run.id)
    for decision in decided.decisions:
        _collect_one(effects, run, live, decision, now)
    if isinstance(last := _last(decided.decisions), Waiting) and last.events:
        state = replace(state, due_at=min(last.until, now + LOOK_AGAIN))
        effects.waits.extend(wait_row(run.id, run.subject, "wait", name) for name in last.events)
    effects.states.append((run, state))


def _collect_one(effects: _Effects, run: Run, live: LivePlaybook, decision: Decision, now: datetime) -> None:
    match decision:
        case Ordered():
            effects.orders.append(_order(run, live, decision, now))
        case TaskRaised():
            effects.tasks.append(_task(run, decision))
        case Ended():
            effects.ended.append(run.id)
            effects.reasons[run.id] = decision.reason
            if decision.reason != "completed":
                effects.cut_short.setdefault(f"{decision.state}: {decision.reason}", []).append(run.id)
        case _:
            pass


def _write(session: Session, library: Library, effects: _Effects, *, now: datetime) -> None:
    insert_ignore(session, StepRun, effects.journal)
    for reason, ids in effects.cut_short.items():
        cancel_pending(session, enrolment_ids=ids, reason=reason, now=now)
    _forget_waits(session, effects)
    insert_ignore(session, Wait, effects.waits)
    write_states(session, effects.states, now=now, reasons=effects.reasons)
    if effects.orders:
        draft(session, library, effects.orders, now=now)
    if effects.tasks:
        raise_tasks(session, effects.tasks, now=now)


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
        template=step.template,
        templates=live.templates.get(step.template, {}),
        sender=decision.sender,
        cc=decision.cc,
        topic=step.topic or playbook.topic,
        hours=step.hours or playbook.hours,
        approval=decision.approval,
        facts=decision.facts,
        due_at=now,
        wakes=decision.wakes,
    )


def _task(run: Run, decision: TaskRaised) -> NewTask:
    return NewTask(
        key=task_of_step(run.id, decision.step_id, decision.visit),
        account_id=run.subject.account_id,
        contact_id=run.subject.contact_id,
        title=decision.title,
        role=decision.role,
        reason=decision.reason,
        due_at=decision.due_at,
        note=decision.note,
        playbook_key=run.playbook_key,
    )


def _last(decisions: Sequence[Decision]) -> Decision | None:
    return decisions[-1] if decisions else None
