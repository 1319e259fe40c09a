"""Events find the runs that wait for them: the signal is put into the run's memory and the run is due at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engage.db.session import nudge
from engage.db.sets import among
from engage.events.tables import SOURCE_ENGAGE, SOURCE_STAFF
from engage.events.timeline import EventRow
from engage.journeys.decisions import RunState
from engage.journeys.entering import CHANGE, USE
from engage.journeys.runs import Run, hold_runs, write_states
from engage.journeys.tables import Wait
from engage.journeys.unseen import KIND as UNSEEN
from engage.keys import task_of_step
from engage.language.spec import WaitStep
from engage.language.vocabulary import CLICKED, ENGAGE_ALONE_SAYS
from engage.messages.policy.verdicts import is_personal
from engage.releases.library import Library

Signal = dict[str, Any]

SETTLED = {
    "message.accepted": "accepted",
    "message.skipped": "skipped",
    "message.rejected": "rejected",
    "message.cancelled": "cancelled",
}
_waits = Wait.__table__.c
_LISTENING = select(_waits.enrolment_id, _waits.purpose, _waits.account_id, _waits.contact_id).where(
    _waits.event_name == bindparam("heard"), among(_waits.account_id, "ids")
)
CHANGES = frozenset({"identify", "group", "alias", "answered"})


def wake(session: Session, library: Library, events: Sequence[EventRow], *, now: datetime) -> int:
    """Wakes every run that one of these events concerns; how many."""
    asked: dict[int, list[tuple[str, EventRow]]] = defaultdict(list)
    for event in events:
        if _is_of_a_step(event):
            purpose = "click" if event.name == CLICKED else "message"
            asked[event.properties["origin_id"]].append((purpose, event))
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


def event_facts(event: EventRow) -> dict[str, Any]:
    """The event as conditions, templates and the journal see it."""
    return {
        "id": event.id,
        "name": event.name,
        "occurred_at": event.occurred_at.isoformat(),
        "received_at": event.received_at.isoformat(),
        "properties": event.properties,
    }


def is_believed(event: EventRow) -> bool:
    """Whether the event may start or wake anything by its name: what only Engage or a colleague in it can say."""
    return event.source_id in (SOURCE_ENGAGE, SOURCE_STAFF) or event.name not in ENGAGE_ALONE_SAYS


def _is_of_a_step(event: EventRow) -> bool:
    """Whether Engage itself says what became of a run's message, or that a person followed a link of it."""
    is_news = event.name in SETTLED or event.name == CLICKED
    return is_news and is_believed(event) and event.properties.get("origin") == "enrolment"


def _waiting(session: Session, events: Sequence[EventRow]) -> list[tuple[Any, EventRow]]:
    by_name: dict[str, dict[int, list[EventRow]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        if event.account_id is None:
            continue
        if is_believed(event):
            by_name[event.name][event.account_id].append(event)
        if event.name in CHANGES or event.name.startswith("contract."):
            by_name[CHANGE][event.account_id].append(event)
        elif event.source_id != SOURCE_ENGAGE:
            by_name[USE][event.account_id].append(event)
    found = []
    for name, by_account in by_name.items():
        for row in session.execute(_LISTENING, {"heard": name, "ids": list(by_account)}):
            found += [
                (row, event)
                for event in by_account[row.account_id]
                if is_about(row.contact_id, event) or answers_run(row.enrolment_id, event)
            ]
    return found


def is_about(contact_id: int | None, event: EventRow) -> bool:
    """Whether the event may concern this contact; without one, everybody at the account."""
    return contact_id is None or event.contact_id is None or event.contact_id == contact_id


def answers_run(enrolment_id: int, event: EventRow) -> bool:
    """Whether the event answers a message of this very run, whoever wrote: somebody who had a copy, too."""
    said = event.properties
    is_ours = event.name == "replied" and event.source_id == SOURCE_ENGAGE  # told again, it names runs of another store
    return is_ours and (said.get("origin"), said.get("origin_id")) == ("enrolment", enrolment_id)


def _woken(
    session: Session, library: Library, run: Run, asked: Iterable[tuple[str, EventRow]], now: datetime
) -> RunState | None:
    state = run.state
    signals: list[Signal] = list(state.memory.get("signals") or ())
    wanted = [signal for purpose, event in asked if (signal := signal_of(session, library, run, purpose, event))]
    if not wanted:
        return None
    memory = {**state.memory, "signals": signals + [signal for signal in wanted if signal["purpose"] != "change"]}
    if run.status == "running":
        return replace(state, memory=memory, due_at=now)
    return _reopened(state, memory, wanted, now) if run.status == "done" else None


def _reopened(state: RunState, memory: dict[str, Any], wanted: Sequence[Signal], now: datetime) -> RunState | None:
    """A run that ended with its last message goes on when that message has lost its recipient."""
    for signal in wanted:
        gone = signal["purpose"] == "message" and is_personal(signal.get("reason"))
        if gone and (signal["step"], signal["visit"]) == (state.step_id, state.visit):
            memory["wait"] = {"kind": "message", "step": signal["step"]}
            return replace(state, memory=memory, due_at=now, status="running")
    return None


def signal_of(session: Session, library: Library, run: Run, purpose: str, event: EventRow) -> Signal | None:
    """What the event tells a run that listens for this purpose; None when it does not concern it."""
    match purpose:
        case "message":
            said = event.properties
            return {
                "purpose": "message",
                "step": said.get("step_id"),
                "visit": said.get("visit"),
                "outcome": SETTLED[event.name],
                "reason": said.get("reason"),
                "message": said.get("message_id"),
                "contact": event.contact_id,
                "at": event.occurred_at.isoformat(),
                "followed": said.get("followed") and library.vocabulary(session).defaults.follows_clicks,
            }
        case "click":
            return {"purpose": "click", "step": event.properties.get("step_id")} if run.status == "running" else None
        case "change":
            return {"purpose": "change"} if run.status == "running" else None
        case "wait":
            return heard(session, library, run, event)
        case _:
            if event.id <= run.begins_after[0] or not _is_about(run, event):
                return None
            return {"purpose": purpose, "event": event_facts(event)}


def heard(session: Session, library: Library, run: Run, event: EventRow) -> Signal | None:
    """The signal that ends the run's present wait, if this event does."""
    wait = run.state.memory.get("wait") or {}
    heard, since = run.begins_after
    if wait.get("kind") == UNSEEN:
        return _seen(run, wait, event)
    if wait.get("kind") not in ("event", "form") or event.name not in wait["events"]:
        return None
    if wait["kind"] == "form":
        is_ours = event.properties.get("task") == task_of_step(run.id, wait.get("as", wait["step"]), run.state.visit)
        return {"purpose": "wait", "step": wait["step"], "event": event_facts(event)} if is_ours else None
    is_late = event.id <= heard or event.received_at < since
    if is_late or not is_believed(event) or not _is_about(run, event):
        return None
    facts = event_facts(event)
    step = library.playbook(session, run.version_id).program[wait["step"]].step
    where = step.where if isinstance(step, WaitStep) else None
    of = step.of if isinstance(step, WaitStep) else None
    if of is not None and event.properties.get("question") != of:
        return None
    if where is not None and not where.holds({"event": facts, "waited": {"happened": True, **facts}}):
        return None
    return {"purpose": "wait", "step": wait["step"], "event": facts}


def _seen(run: Run, wait: Mapping[str, Any], event: EventRow) -> Signal | None:
    """Who has seen the very message that the run waits for."""
    asked = ("enrolment", run.id, wait.get("as", wait["step"]), run.state.visit)
    said = tuple(event.properties.get(name) for name in ("origin", "origin_id", "step_id", "visit"))
    if event.name not in wait["events"] or not is_believed(event) or said != asked:
        return None
    return {"purpose": UNSEEN, "step": wait["step"], "contact": event.contact_id}


def _is_about(run: Run, event: EventRow) -> bool:
    """An event that names a contract concerns only runs of that contract, a click only the run whose mail it was in."""
    said = event.properties
    if event.name == CLICKED:
        return (said.get("origin"), said.get("origin_id")) == ("enrolment", run.id)
    ours = run.state.trigger.get("contract")
    named = said.get("contract_id")
    return run.subject.kind != "contract" or ours is None or named is None or str(named) == ours
