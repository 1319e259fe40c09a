"""Whether a play broke an invariant: each kind of sentence has one function that finds what broke it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from itertools import pairwise
from typing import Any, assert_never

from engage.calendars.zones import first_zone
from engage.customers.facts import Subject, read_for
from engage.journeys.knowing import know
from engage.journeys.surroundings import Place
from engage.journeys.tables import Enrolment
from engage.language.expressions import Expression
from engage.language.invariants import (
    AtWrongHour,
    Invariant,
    OnWrongSide,
    Rule,
    RunTooLong,
    SameAgain,
    TooManyPerRun,
    TooManyWithin,
    Unwanted,
    What,
    WithoutFormer,
)
from engage.language.spec import EmailStep, InAppStep, Playbook, walk
from engage.rollout.proving.outcomes import SENT, Came, Kind
from engage.rollout.proving.playing import Played
from engage.rollout.stage import Stage

_KINDS: Mapping[What, tuple[Kind, ...]] = {
    "messages": SENT,
    "emails": ("email",),
    "in_app": ("in_app",),
    "tasks": ("task",),
}
_REMINDER = "reminder"
Broken = tuple[Came, ...]


@dataclass
class Witness:
    """Looks on while a history is played: notes which conditions hold as each thing comes."""

    conditions: Sequence[Expression]
    saw: dict[tuple[Kind, int], frozenset[str]] = field(default_factory=dict)

    def __call__(self, stage: Stage, fresh: Iterable[Came]) -> None:
        """Notes the conditions that hold now for what has just come."""
        for came in fresh if self.conditions else ():
            facts = _facts(stage, came, read_for(name for one in self.conditions for name in one.names))
            held = frozenset(one.text for one in self.conditions if one.holds(facts))
            self.saw[came.kind, came.key] = held


def _facts(stage: Stage, came: Came, reading: frozenset[str]) -> Mapping[str, Any]:
    with stage.database.reading() as session:
        run = session.get(Enrolment, came.run) if came.run else None
        if run is None:
            return {}
        subject = Subject(run.subject_kind, run.subject_id, run.account_id, run.contact_id, run.contract_id)
        return know(session, stage.library, [subject], now=stage.clock.now(), reading=reading).get(subject, {})


@dataclass(frozen=True)
class Hearing:
    """Everything that a rule may ask about one play."""

    playbook: Playbook
    played: Played
    witness: Witness
    place: Place

    def of(self, what: What) -> list[Came]:
        """What came of these kinds, in the order of time."""
        return [came for came in self.played.came if came.kind in _KINDS[what]]

    def breaks(self, invariant: Invariant) -> Broken | None:
        """What broke it first; None where nothing did."""
        return next(_broken(invariant.rule, self), None)


def conditions_of(invariants: Iterable[Invariant]) -> list[Expression]:
    """The conditions that have to be looked at while things come."""
    rules = (invariant.rule for invariant in invariants)
    return [rule.condition for rule in rules if isinstance(rule, Unwanted) and rule.condition is not None]


def _broken(rule: Rule, heard: Hearing) -> Iterator[Broken]:
    match rule:
        case TooManyWithin():
            return _too_many(rule, heard)
        case TooManyPerRun():
            return _too_many_per_run(rule, heard)
        case OnWrongSide():
            return _on_wrong_side(rule, heard)
        case Unwanted():
            return _unwanted(rule, heard)
        case AtWrongHour():
            return _at_wrong_hour(rule, heard)
        case SameAgain():
            return _same_again(rule, heard)
        case WithoutFormer():
            return _without_former(rule, heard)
        case RunTooLong():
            return _too_long(rule, heard)
        case _:
            assert_never(rule)


def _too_many(rule: TooManyWithin, heard: Hearing) -> Iterator[Broken]:
    for several in _grouped(heard.of(rule.what), lambda came: came.who if rule.per == "contact" else ""):
        for first in range(len(several) - rule.count + 1):
            part = several[first : first + rule.count]
            if part[-1].at - part[0].at < rule.within.roughly:
                yield tuple(part)


def _too_many_per_run(rule: TooManyPerRun, heard: Hearing) -> Iterator[Broken]:
    for several in _grouped([came for came in heard.of(rule.what) if came.run], lambda came: came.run):
        if len(several) > rule.most:
            yield tuple(several[: rule.most + 1])


def _on_wrong_side(rule: OnWrongSide, heard: Hearing) -> Iterator[Broken]:
    learned = heard.played.heard.get(rule.event, [])
    for came in heard.of(rule.what):
        is_after = any(at < came.at for at in learned)
        if is_after if rule.side == "after" else not any(at <= came.at for at in learned):
            yield (came,)


def _unwanted(rule: Unwanted, heard: Hearing) -> Iterator[Broken]:
    for came in heard.of(rule.what):
        holds = rule.condition is None or rule.condition.text in heard.witness.saw.get((came.kind, came.key), ())
        if holds and (rule.role is None or rule.role in came.roles):
            yield (came,)


def _at_wrong_hour(rule: AtWrongHour, heard: Hearing) -> Iterator[Broken]:
    for came in heard.of(rule.what):
        local = came.at.astimezone(first_zone(came.zone) if came.zone else heard.place.zone)
        if rule.opens is None or rule.closes is None:
            wrong = not heard.place.calendar.is_open(local.date())
        else:
            wrong = not rule.opens <= time(local.hour, local.minute) < rule.closes
        if wrong:
            yield (came,)


def _same_again(rule: SameAgain, heard: Hearing) -> Iterator[Broken]:
    for several in _grouped(heard.of("emails"), lambda came: (came.who, came.what)):
        for one, again in pairwise(several):
            if rule.within is None or again.at - one.at < rule.within.roughly:
                yield (one, again)


def _without_former(rule: WithoutFormer, heard: Hearing) -> Iterator[Broken]:
    pairs = [(rule.step, rule.former)] if rule.step and rule.former else list(reminders(heard.playbook))
    sent = heard.of("messages")
    for came in sent:
        for step, former in pairs:
            before = (one for one in sent if one.run == came.run and one.step == former and one.at <= came.at)
            if came.step == step and not any(before):
                yield (came,)


def reminders(playbook: Playbook) -> Iterator[tuple[str, str]]:
    """The mail steps that remind, by their name, and the mail step before each."""
    mails = [step for step in walk(playbook.steps) if isinstance(step, EmailStep | InAppStep)]
    for number, step in enumerate(mails):
        former = next((one for one in reversed(mails[:number]) if isinstance(one, EmailStep)), None)
        is_reminder = _REMINDER in (step.id or "") or _REMINDER in step.template
        if is_reminder and former is not None:
            yield str(step.id), str(former.id)


def _too_long(rule: RunTooLong, heard: Hearing) -> Iterator[Broken]:
    ends = {came.run: came for came in heard.played.came if came.kind == "ends"}
    for run, (entered, ended) in heard.played.runs.items():
        if (ended or heard.played.until) - entered > rule.length.roughly:
            yield (ends[run],) if run in ends else ()


def _grouped(came: Iterable[Came], by: Callable[[Came], Any]) -> list[list[Came]]:
    groups: dict[Any, list[Came]] = defaultdict(list)
    for one in came:
        groups[by(one)].append(one)
    return list(groups.values())
