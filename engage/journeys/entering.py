"""Who really enters: candidates less those who are in already and those the audience leaves out; once, by key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.facts import Subject, load_facts, read_for
from engage.db.bulk import insert_ignore
from engage.db.session import nudge
from engage.db.sets import one_of
from engage.ids import new_id
from engage.journeys.ends import inputs_of
from engage.journeys.journal import entry_row
from engage.journeys.skipping import MOVED, has_moved, skip_task, wants_task
from engage.journeys.surroundings import Surroundings
from engage.journeys.tables import Enrolment, StepRun, Wait
from engage.language.spec import Playbook
from engage.releases.library import Library, LivePlaybook
from engage.tasks.raising import NewTask, raise_tasks

CHUNK = 500
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

    @property
    def identity(self) -> tuple[str, str, int]:
        """The subject in the playbook."""
        return self.live.key, self.subject.kind, self.subject.id


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
    known = load_facts(session, library, subjects, now=now, reading=read_for(asked))
    invited = [(one, inputs) for one in chunk if (inputs := _invited(one, known.get(one.subject))) is not None]
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
    journal = [entry_row(id_, inputs, _detail(candidate), now) for id_, candidate, inputs in fresh]
    insert_ignore(session, StepRun, journal)
    insert_ignore(session, Wait, [row for id_, candidate, _ in fresh for row in _listening(id_, candidate)])
    raise_tasks(session, list(_tasks([candidate for _, candidate, _ in fresh], known, surroundings, now)), now=now)
    return len(fresh)


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
        if one_at_a_time not in chosen and _lets_in(candidate, before, surroundings, now=now):
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
    runs = [past for past in before if past.state != "skipped"]
    if candidate.skip is not None or not runs:
        return True
    reentry = candidate.live.playbook.reentry
    if reentry.rule == "once" or any(past.state == "running" for past in runs):
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
    columns = (
        Enrolment.subject_id,
        Enrolment.occurrence,
        Enrolment.state,
        Enrolment.entered_at,
        Enrolment.end_reason,
    )
    for (key, kind), ids in asked.items():
        rows = session.execute(
            select(*columns).where(
                Enrolment.playbook_key == key, Enrolment.subject_kind == kind, one_of(Enrolment.subject_id, ids)
            )
        )
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
    if any(name.startswith("usage.") for condition in conditions for name in condition.names):
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
        if one.skip is not None and wants_task(playbook, one.skip):
            place = surroundings.place_of(known[one.subject])
            yield skip_task(playbook, one.subject, one.occurrence, one.skip, place=place, now=now)


def _chunks(candidates: Sequence[Candidate]) -> Iterator[Sequence[Candidate]]:
    for start in range(0, len(candidates), CHUNK):
        yield candidates[start : start + CHUNK]
