"""Events that were digested while a run, or its wait, was being written down did not find it: they are heard again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from engage.db.base import UtcDateTime
from engage.db.sets import among
from engage.events.tables import Event
from engage.events.timeline import EventRow
from engage.journeys.entering import listened_to
from engage.journeys.runs import Run
from engage.journeys.unseen import KIND as UNSEEN
from engage.journeys.waking import Signal, answers_run, is_about, is_believed, signal_of
from engage.releases.library import Library

# An event counts as learned when its digest begins; a run may enter before that digest has ended.
DIGEST_TAKES = timedelta(seconds=30)
CAUGHT_UP = "caught_up"
_events = Event.__table__.c
_OF_ACCOUNTS = (
    select(*(_events[name] for name in EventRow.__slots__), _events.resolved_at)
    .where(among(_events.name, "names"), among(_events.account_id, "ids"))
    .order_by(_events.id)
)
_SINCE = bindparam("since", type_=UtcDateTime())
_HEARD_SINCE = _OF_ACCOUNTS.where(_events.received_at >= _SINCE)
_LEARNED_SINCE = _OF_ACCOUNTS.where(_events.resolved_at >= _SINCE)

Learned = tuple[EventRow, datetime | None]


def hear_again(session: Session, library: Library, runs: Sequence[Run], *, now: datetime) -> list[Run]:
    """The runs with the signals of events that could not find them; the others as they are."""
    return _with_ends(session, library, _with_waits(session, library, runs), now)


def _with_waits(session: Session, library: Library, runs: Sequence[Run]) -> list[Run]:
    """What a present wait is for may have come before the wait was written down."""
    waiting = {run.id: run for run in runs if (run.state.memory.get("wait") or {}).get("kind") in ("event", UNSEEN)}
    if not waiting:
        return list(runs)
    names = {name for run in waiting.values() for name in run.state.memory["wait"]["events"]}
    since = min(run.begins_after[1] for run in waiting.values())
    events = _events_for(session, _HEARD_SINCE, waiting.values(), names, since)
    return [_with_wait(session, library, run, events.get(run.subject.account_id, ())) for run in runs]


def _with_wait(session: Session, library: Library, run: Run, events: Iterable[Learned]) -> Run:
    signals = (_signal(session, library, run, "wait", event) for event, _ in events)
    told = [signal for signal in signals if signal is not None]
    one_is_enough = (run.state.memory.get("wait") or {}).get("kind") != UNSEEN
    return _told(run, told[:1] if one_is_enough else told)


def _with_ends(session: Session, library: Library, runs: Sequence[Run], now: datetime) -> list[Run]:
    """What ends a run may have come while a scan of dates was writing the run down.

    A run that an event starts is written down by the digest itself and misses nothing. The others are looked at as long
    as a digest may have been under way when they entered, and once more after that.
    """
    watched = {run.id: ends for run in runs if (ends := _ends_of(session, library, run))}
    if not watched:
        return list(runs)
    young = [run for run in runs if run.id in watched]
    since = min(run.state.entered_at for run in young) - DIGEST_TAKES
    names = {name for ends in watched.values() for _, name in ends}
    events = _events_for(session, _LEARNED_SINCE, young, names, since)
    return [
        _with_end(session, library, run, watched[run.id], events.get(run.subject.account_id, ()), now)
        if run.id in watched
        else run
        for run in runs
    ]


def _ends_of(session: Session, library: Library, run: Run) -> list[tuple[str, str]]:
    """The events that would end the run, if it may have missed one."""
    if run.state.trigger.get("event") or run.state.memory.get(CAUGHT_UP):
        return []
    playbook = library.playbook(session, run.version_id).playbook
    return [(purpose, name) for purpose, name in listened_to(playbook) if purpose in ("goal", "exit")]


def _with_end(
    session: Session,
    library: Library,
    run: Run,
    ends: Sequence[tuple[str, str]],
    events: Sequence[Learned],
    now: datetime,
) -> Run:
    since = run.state.entered_at - DIGEST_TAKES
    known = {signal["event"]["id"] for signal in run.state.memory.get("signals") or () if "event" in signal}
    missed = [event for event, learned in events if learned and learned >= since and event.id not in known]
    signals = [
        signal
        for purpose, name in ends
        for event in missed
        if event.name == name and (signal := _signal(session, library, run, purpose, event)) is not None
    ]
    if now >= run.state.entered_at + DIGEST_TAKES:
        run = replace(run, state=replace(run.state, memory={**run.state.memory, CAUGHT_UP: True}))
    return _told(run, signals)


def _signal(session: Session, library: Library, run: Run, purpose: str, event: EventRow) -> Signal | None:
    contact_id = run.subject.contact_id if run.subject.kind == "contact" else None
    if not is_believed(event) or not (is_about(contact_id, event) or answers_run(run.id, event)):
        return None
    return signal_of(session, library, run, purpose, event)


def _told(run: Run, signals: Sequence[Signal]) -> Run:
    if not signals:
        return run
    heard = [*(run.state.memory.get("signals") or ()), *signals]
    return replace(run, state=replace(run.state, memory={**run.state.memory, "signals": heard}))


def _events_for(
    session: Session, query: Select[*tuple[Any, ...]], runs: Iterable[Run], names: Iterable[str], since: datetime
) -> Mapping[int | None, list[Learned]]:
    accounts = {run.subject.account_id for run in runs if run.subject.account_id is not None}
    said = {"names": list(names), "ids": list(accounts), "since": since}
    found: dict[int | None, list[Any]] = defaultdict(list)
    for *columns, learned in session.execute(query, said):
        event = EventRow(*columns)
        found[event.account_id].append((event, learned))
    return found
