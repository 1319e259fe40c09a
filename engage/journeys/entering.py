"""Who really enters: candidates less those who are in already and those the audience leaves out; once, by key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engage.customers.facts import Subject, read_for
from engage.db.bulk import insert_ignore
from engage.db.session import nudge
from engage.db.sets import among
from engage.ids import new_id
from engage.journeys.ends import inputs_of
from engage.journeys.holding_out import Lot, draw_lots, keep_lots, reason_of
from engage.journeys.journal import entry_row
from engage.journeys.knowing import know
from engage.journeys.replacing import end_runs_before
from engage.journeys.shadows import is_shadow, runs_before
from engage.journeys.skipping import MOVED, has_moved, skip_task, wants_task
from engage.journeys.surroundings import Surroundings
from engage.journeys.tables import Enrolment, StepRun, Wait
from engage.language.spec import OnceTrigger, Playbook
from engage.language.tree import Heard
from engage.language.vocabulary import PLAYBOOK_STARTED
from engage.releases.library import Library, LivePlaybook
from engage.tasks.raising import NewTask, raise_tasks

CHUNK = 500
_runs = Enrolment.__table__.c
_RUNS = select(_runs.subject_id, _runs.occurrence, _runs.state, _runs.entered_at, _runs.end_reason).where(
    _runs.subject_kind == bindparam("kind"), among(_runs.subject_id, "ids")
)
_RUNS_OF_LIVE = _RUNS.where(_runs.playbook_key == bindparam("playbook"))
CHANGE = "@change"  # the event name under which runs wait for any change of their customer's facts
USE = "@use"  # and for any use of the product, where a condition asks about usage


@dataclass(frozen=True, slots=True)
class Candidate:
    """A subject that a trigger has found for a playbook."""

    live: LivePlaybook
    subject: Subject
    occurrence: str
    trigger: Mapping[str, Any] = field(default_factory=dict)
    skip: str | None = None  # why this occurrence is only noted, such as `too_late`
    lots: tuple[Lot, ...] = ()  # what was drawn for it, where a trial is on

    @property
    def identity(self) -> tuple[str, str, int]:
        """The subject in the playbook."""
        return self.live.key, self.subject.kind, self.subject.id

    @property
    def is_by_hand(self) -> bool:
        """Whether a colleague put the subject in."""
        event = self.trigger.get("event") or {}
        return event.get("name") == PLAYBOOK_STARTED and bool(event.get("properties", {}).get("by"))

    @property
    def begins_anew(self) -> bool:
        """Whether a run that is under way gives way to it."""
        return self.skip is None and self.live.playbook.reentry.rule == "begin_anew"


@dataclass(frozen=True, slots=True)
class _Past:
    occurrence: str
    state: str
    entered_at: datetime
    end_reason: str | None


def enter(session: Session, library: Library, candidates: Iterable[Candidate], *, now: datetime) -> int:
    """Enrols each candidate that may enter, with its version, its journal row and what it listens to; how many."""
    surroundings = Surroundings(library.vocabulary(session))
    entered = 0
    for chunk in _chunks(list(candidates)):
        possible = _may_enter(session, chunk, surroundings, now=now)
        if possible:
            entered += _enter_chunk(session, library, possible, surroundings, now=now)
    if entered:
        nudge(session, "advance")
    return entered


def _enter_chunk(
    session: Session, library: Library, chunk: Sequence[Candidate], surroundings: Surroundings, *, now: datetime
) -> int:
    subjects = list(dict.fromkeys(candidate.subject for candidate in chunk))
    asked = {name for one in chunk if one.live.playbook.audience for name in one.live.playbook.audience.names}
    known = know(session, library, subjects, now=now, reading=read_for(asked))
    invited = [(one, inputs) for one in chunk if (inputs := _invited(one, known.get(one.subject))) is not None]
    invited = _less_the_held_out(session, library, invited, known)
    rows = [_row(candidate, now) for candidate, _ in invited]
    chosen = [Enrolment.id, Enrolment.playbook_key, Enrolment.subject_kind, Enrolment.subject_id, Enrolment.occurrence]
    new: dict[tuple[Any, ...], int] = {
        tuple(row[1:]): row[0] for row in insert_ignore(session, Enrolment, rows, returning=chosen)
    }
    fresh = [
        (new[(*candidate.identity, candidate.occurrence)], candidate, inputs)
        for candidate, inputs in invited
        if (*candidate.identity, candidate.occurrence) in new
    ]
    anew = {one.identity: id_ for id_, one, _ in fresh if one.begins_anew}
    end_runs_before(session, anew, now=now)
    journal = [entry_row(id_, inputs, _detail(candidate), now) for id_, candidate, inputs in fresh]
    insert_ignore(session, StepRun, journal)
    insert_ignore(session, Wait, [row for id_, candidate, _ in fresh for row in _listening(id_, candidate)])
    heard = [(id_, candidate.lots) for id_, candidate, _ in fresh if not is_shadow(candidate.live.key)]
    keep_lots(session, heard, now=now)
    raise_tasks(session, list(_tasks([candidate for _, candidate, _ in fresh], known, surroundings, now)), now=now)
    return len(fresh)


def _less_the_held_out(
    session: Session,
    library: Library,
    invited: Sequence[tuple[Candidate, dict[str, Any]]],
    known: Mapping[Subject, Mapping[str, Any]],
) -> list[tuple[Candidate, dict[str, Any]]]:
    """The same, those left alone for a trial with the reason; whom a colleague puts in is in no trial."""
    entrants = [(one.live, one.subject) if one.skip is None and not one.is_by_hand else None for one, _ in invited]
    lots = draw_lots(session, library, entrants, known)
    return [
        (replace(one, lots=drawn, skip=one.skip or reason_of(drawn)), inputs)
        for (one, inputs), drawn in zip(invited, lots, strict=True)
    ]


def _may_enter(
    session: Session, candidates: Sequence[Candidate], surroundings: Surroundings, *, now: datetime
) -> list[Candidate]:
    """Those whom re-entry lets in, each subject once for each playbook and occurrence."""
    past = _past_of(session, candidates)
    chosen: dict[tuple[Any, ...], Candidate] = {}
    for found in candidates:
        before = past.get(found.identity, [])
        candidate = _after_a_move(found, before, now=now)
        one_at_a_time = candidate.identity if candidate.skip is None else (*candidate.identity, candidate.occurrence)
        is_first = one_at_a_time not in chosen or candidate.begins_anew
        if is_first and _lets_in(candidate, before, surroundings, now=now):
            chosen[one_at_a_time] = candidate
    return list(chosen.values())


def _after_a_move(candidate: Candidate, before: Sequence[_Past], *, now: datetime) -> Candidate:
    told = [past.occurrence for past in before if past.state != "skipped" and past.end_reason != MOVED]
    if candidate.skip is None and has_moved(candidate.live.playbook, candidate.occurrence, told, now=now):
        return replace(candidate, skip=MOVED)
    return candidate


def _lets_in(candidate: Candidate, before: Sequence[_Past], surroundings: Surroundings, *, now: datetime) -> bool:
    if any(past.occurrence == candidate.occurrence for past in before):
        return False
    runs = [past for past in before if past.state != "skipped" and past.end_reason != MOVED]
    if candidate.skip is not None or candidate.begins_anew or not runs:
        return True
    reentry = candidate.live.playbook.reentry
    is_broadcast = isinstance(candidate.live.playbook.trigger, OnceTrigger)
    if reentry.rule == "once" or is_broadcast or any(past.state == "running" for past in runs):
        return False
    if reentry.after is None:
        return True
    last = max(past.entered_at for past in runs)
    return surroundings.place_of({}).after(last, reentry.after) <= now


def _past_of(session: Session, candidates: Sequence[Candidate]) -> dict[tuple[str, str, int], list[_Past]]:
    asked: dict[tuple[str, str], set[int]] = {}
    for candidate in candidates:
        asked.setdefault((candidate.live.key, candidate.subject.kind), set()).add(candidate.subject.id)
    found: dict[tuple[str, str, int], list[_Past]] = {}
    for (key, kind), ids in asked.items():
        query = _RUNS.where(runs_before(key)) if is_shadow(key) else _RUNS_OF_LIVE
        rows = session.execute(query, {"playbook": key, "kind": kind, "ids": list(ids)})
        for subject_id, occurrence, state, entered_at, end_reason in rows:
            past = _Past(occurrence, state, entered_at, end_reason)
            found.setdefault((key, kind, subject_id), []).append(past)
    return found


def _invited(candidate: Candidate, known: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The inputs of the audience when it takes the subject in; None when not."""
    if known is None or (known.get("account") or {}).get("is_test"):
        return None
    audience = candidate.live.playbook.audience
    if audience is None:
        return {}
    facts = {**known, "event": candidate.trigger.get("event"), "occurrence": candidate.trigger.get("occurrence")}
    return inputs_of([audience], facts) if audience.holds(facts) else None


def _row(candidate: Candidate, now: datetime) -> dict[str, Any]:
    subject, skipped = candidate.subject, candidate.skip is not None
    return {
        "public_id": new_id("run"),
        "playbook_key": candidate.live.key,
        "playbook_version_id": candidate.live.version_id,
        "subject_kind": subject.kind,
        "subject_id": subject.id,
        "occurrence": candidate.occurrence,
        "account_id": subject.account_id,
        "contact_id": subject.contact_id,
        "contract_id": subject.contract_id,
        "trigger": dict(candidate.trigger),
        "state": "skipped" if skipped else "running",
        "step_id": None,
        "visit": 1,
        "memory": {},
        "due_at": None if skipped else now,
        "entered_at": now,
        "ended_at": now if skipped else None,
        "end_reason": candidate.skip,
    }


def _detail(candidate: Candidate) -> dict[str, Any]:
    detail = {
        "occurrence": candidate.occurrence,
        **{k: candidate.trigger[k] for k in candidate.trigger if k != "event"},
    }
    event = candidate.trigger.get("event")
    if event:
        detail["event"] = event["name"]
    return detail if candidate.skip is None else {**detail, "skipped": candidate.skip}


def listened_to(playbook: Playbook) -> list[tuple[str, str]]:
    """What a run of the playbook listens to as long as it lasts: (purpose, event name)."""
    goal = playbook.goal
    names = [("goal", goal.event)] if goal and goal.event else []
    names += [("exit", rule.event) for rule in playbook.exit if rule.event]
    conditions = [one.if_ for one in (goal, *playbook.exit) if one is not None and one.if_ is not None]
    if conditions:
        names.append(("change", CHANGE))
    if any(name.startswith("usage.") or Heard.named(name) for condition in conditions for name in condition.names):
        names.append(("change", USE))
    return list(dict.fromkeys(names))


def _listening(enrolment_id: int, candidate: Candidate) -> Iterator[dict[str, Any]]:
    if candidate.skip is not None:
        return
    for purpose, name in listened_to(candidate.live.playbook):
        yield wait_row(enrolment_id, candidate.subject, purpose, name)


def wait_row(enrolment_id: int, subject: Subject, purpose: str, event_name: str) -> dict[str, Any]:
    """A row by which an event finds the run."""
    return {
        "enrolment_id": enrolment_id,
        "purpose": purpose,
        "event_name": event_name,
        "account_id": subject.account_id,
        "contact_id": subject.contact_id if subject.kind == "contact" else None,
    }


def _tasks(
    candidates: Iterable[Candidate],
    known: Mapping[Subject, Mapping[str, Any]],
    surroundings: Surroundings,
    now: datetime,
) -> Iterator[NewTask]:
    for one in candidates:
        playbook = one.live.playbook
        if one.skip is not None and wants_task(playbook, one.skip) and not is_shadow(one.live.key):
            place = surroundings.place_of(known[one.subject])
            yield skip_task(playbook, one.subject, one.occurrence, one.skip, place=place, now=now)


def _chunks(candidates: Sequence[Candidate]) -> Iterator[Sequence[Candidate]]:
    for start in range(0, len(candidates), CHUNK):
        yield candidates[start : start + CHUNK]
