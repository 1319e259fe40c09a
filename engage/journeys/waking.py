"""Events find the runs that wait for them: the signal is put into the run's memory and the run is due at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from engage.db.session import nudge
from engage.db.sets import one_of
from engage.events.tables import SOURCE_ENGAGE, Event
from engage.events.timeline import EventRow
from engage.journeys.decisions import RunState
from engage.journeys.entering import CHANGE, USE
from engage.journeys.runs import Run, hold_runs, write_states
from engage.journeys.tables import Wait
from engage.language.spec import WaitStep
from engage.releases.library import Library

Signal = dict[str, Any]

SETTLED = {
    "message.accepted": "accepted",
    "message.skipped": "skipped",
    "message.rejected": "rejected",
    "message.cancelled": "cancelled",
}
CHANGES = frozenset({"identify", "group", "alias"})


def wake(session: Session, library: Library, events: Sequence[EventRow], *, now: datetime) -> int:
    """Wakes every run that one of these events concerns; how many."""
    asked: dict[int, list[tuple[str, EventRow]]] = defaultdict(list)
    for event in events:
        if event.name in SETTLED and event.properties.get("origin") == "enrolment":
            asked[event.properties["origin_id"]].append(("message", event))
    for wait, event in _waiting(session, events):
        asked[wait.enrolment_id].append((wait.purpose, event))
    if not asked:
        return 0
    woken = [
        (run, state)
        for run in hold_runs(session, asked)
        if (state := _woken(session, library, run, asked[run.id], now)) is not None
    ]
    write_states(session, woken, now=now, reasons={})
    if woken:
        nudge(session, "advance")
    return len(woken)


def hear_again(session: Session, library: Library, runs: Sequence[Run]) -> list[Run]:
    """The runs with the signals of events that came before their wait was written down; others as they are."""
    waiting = [run for run in runs if (run.state.memory.get("wait") or {}).get("kind") == "event"]
    if not waiting:
        return list(runs)
    events = _events_for(session, waiting)
    return [_with_heard(session, library, run, events.get(run.subject.account_id, ())) for run in runs]


def event_facts(event: EventRow) -> dict[str, Any]:
    """The event as conditions, templates and the journal see it."""
    return {
        "id": event.id,
        "name": event.name,
        "occurred_at": event.occurred_at.isoformat(),
        "received_at": event.received_at.isoformat(),
        "properties": event.properties,
    }


def _waiting(session: Session, events: Sequence[EventRow]) -> list[tuple[Any, EventRow]]:
    by_name: dict[str, dict[int, list[EventRow]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        if event.account_id is None:
            continue
        by_name[event.name][event.account_id].append(event)
        if event.name in CHANGES or event.name.startswith("contract."):
            by_name[CHANGE][event.account_id].append(event)
        elif event.source_id != SOURCE_ENGAGE:
            by_name[USE][event.account_id].append(event)
    found = []
    columns = (Wait.enrolment_id, Wait.purpose, Wait.account_id, Wait.contact_id)
    for name, by_account in by_name.items():
        rows = session.execute(select(*columns).where(Wait.event_name == name, one_of(Wait.account_id, by_account)))
        for row in rows:
            found += [(row, event) for event in by_account[row.account_id] if _is_about(row.contact_id, event)]
    return found


def _is_about(contact_id: int | None, event: EventRow) -> bool:
    return contact_id is None or event.contact_id is None or event.contact_id == contact_id


def _woken(
    session: Session, library: Library, run: Run, asked: Iterable[tuple[str, EventRow]], now: datetime
) -> RunState | None:
    state = run.state
    signals: list[Signal] = list(state.memory.get("signals") or ())
    wanted = [signal for purpose, event in asked if (signal := _signal(session, library, run, purpose, event))]
    if not wanted:
        return None
    memory = {**state.memory, "signals": signals + [signal for signal in wanted if signal["purpose"] != "change"]}
    if run.status == "running":
        return replace(state, memory=memory, due_at=now)
    return _reopened(state, memory, wanted, now) if run.status == "done" else None


def _reopened(state: RunState, memory: dict[str, Any], wanted: Sequence[Signal], now: datetime) -> RunState | None:
    """A run that ended with its last message goes on when that message has lost its recipient."""
    for signal in wanted:
        gone = signal["purpose"] == "message" and str(signal.get("reason") or "").startswith("recipient_gone")
        if gone and (signal["step"], signal["visit"]) == (state.step_id, state.visit):
            memory["wait"] = {"kind": "message", "step": signal["step"]}
            return replace(state, memory=memory, due_at=now, status="running")
    return None


def _signal(session: Session, library: Library, run: Run, purpose: str, event: EventRow) -> Signal | None:
    match purpose:
        case "message":
            said = event.properties
            return {
                "purpose": "message",
                "step": said.get("step_id"),
                "visit": said.get("visit"),
                "outcome": SETTLED[event.name],
                "reason": said.get("reason"),
                "at": event.occurred_at.isoformat(),
            }
        case "change":
            return {"purpose": "change"} if run.status == "running" else None
        case "wait":
            return _heard(session, library, run, event)
        case _:
            if event.id <= run.begins_after[0] or not _is_about_contract(run, event):
                return None
            return {"purpose": purpose, "event": event_facts(event)}


def _heard(session: Session, library: Library, run: Run, event: EventRow) -> Signal | None:
    """The signal that ends the run's present wait, if this event does."""
    wait = run.state.memory.get("wait") or {}
    heard, since = run.begins_after
    if wait.get("kind") != "event" or event.name not in wait["events"]:
        return None
    if event.id <= heard or event.received_at < since or not _is_about_contract(run, event):
        return None
    facts = event_facts(event)
    step = library.playbook(session, run.version_id).program[wait["step"]].step
    where = step.where if isinstance(step, WaitStep) else None
    if where is not None and not where.holds({"event": facts, "waited": {"happened": True, **facts}}):
        return None
    return {"purpose": "wait", "step": wait["step"], "event": facts}


def _is_about_contract(run: Run, event: EventRow) -> bool:
    """An event that names a contract concerns only runs of that contract."""
    ours = run.state.trigger.get("contract")
    named = event.properties.get("contract_id")
    return run.subject.kind != "contract" or ours is None or named is None or str(named) == ours


def _events_for(session: Session, runs: Sequence[Run]) -> Mapping[int | None, list[EventRow]]:
    names = {name for run in runs for name in run.state.memory["wait"]["events"]}
    accounts = {run.subject.account_id for run in runs if run.subject.account_id is not None}
    since = min(run.begins_after[1] for run in runs)
    asked: list[ColumnElement[bool]] = [one_of(Event.name, names), one_of(Event.account_id, accounts)]
    columns = [getattr(Event, name) for name in EventRow.__slots__]
    rows = session.execute(select(*columns).where(*asked, Event.received_at >= since).order_by(Event.id))
    found: dict[int | None, list[EventRow]] = defaultdict(list)
    for row in rows:
        found[row.account_id].append(EventRow(*row))
    return found


def _with_heard(session: Session, library: Library, run: Run, events: Sequence[EventRow]) -> Run:
    contact_id = run.subject.contact_id if run.subject.kind == "contact" else None
    for event in events:
        signal = _heard(session, library, run, event) if _is_about(contact_id, event) else None
        if signal is not None:
            signals = [*(run.state.memory.get("signals") or ()), signal]
            return replace(run, state=replace(run.state, memory={**run.state.memory, "signals": signals}))
    return run
