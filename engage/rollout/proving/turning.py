"""When a condition of a small store next turns true or false, if nothing more is learned: by days and windows alone."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.calendars.zones import day_of, start_of
from engage.customers.facts import Subject, read_for
from engage.customers.hearing import DAY, Span
from engage.customers.tables import Account, Contact, Contract
from engage.customers.usage import is_use
from engage.events.tables import Event
from engage.journeys.becoming import condition_id
from engage.journeys.knowing import know
from engage.journeys.prospects import prospects
from engage.journeys.surroundings import Surroundings
from engage.journeys.tables import HeldCondition
from engage.language.expressions import Expression
from engage.language.spec import BecomesTrigger
from engage.language.tree import Heard
from engage.language.values import HEARD
from engage.releases.library import Library, LivePlaybook

IDS = {"account": Account.id, "contact": Contact.id, "contract": Contract.id}
_DAILY = ("today", "now")
_UNFORESEEN = ("usage.", "contact.known_days", "answers.")  # facts that change with time, but not by these rules alone


def is_timely(condition: Expression | None) -> bool:
    """Whether the condition may change its answer while nothing is learned."""
    names = condition.names if condition is not None else ()
    return any(Heard.named(name) or name.startswith((*_DAILY, *_UNFORESEEN)) for name in names)


class Forecast:
    """When the condition of a `becomes` turns for anybody, from what is known now; reckoned only as far as asked."""

    def __init__(
        self, session: Session, library: Library, live: LivePlaybook, trigger: BecomesTrigger, *, now: datetime
    ) -> None:
        kind, self._condition = live.playbook.subject, trigger.becomes
        surroundings = Surroundings(library.vocabulary(session))
        ids = list(session.scalars(select(IDS[kind])))
        found = [one.subject for chunk in prospects(session, surroundings.vocabulary, kind, ids) for one in chunk]
        names = [name for name in trigger.becomes.names if not Heard.named(name)]
        facts = know(session, library, found, now=now, reading=read_for([*names, "today"]))
        held = held_by(session, live, trigger)
        self._past = Past(session, filter(None, map(Heard.named, trigger.becomes.names)))
        self._is_foreseen = not any(name.startswith(_UNFORESEEN) for name in trigger.becomes.names)
        self._ahead = [
            _Ahead(one, known, surroundings.place_of(known).zone, (one.id, one.account_id) in held, now)
            for one, known in facts.items()
        ]

    def turn(self, until: datetime) -> datetime | None:
        """The first midnight by then on which it is not what the last look found; None where there is none.

        Where that cannot be told ahead, it is the next midnight.
        """
        turns = (self._turn(one, until) for one in self._ahead)
        return min((moment for moment in turns if moment is not None), default=None)

    def _turn(self, one: _Ahead, until: datetime) -> datetime | None:
        if not self._is_foreseen:
            return one.midnight(1)
        while (moment := one.midnight(one.looked_at + 1)) <= until:
            heard = self._past.facts(one.subject.account_id or 0, one.alone, now=moment)
            today = one.facts["today"] + timedelta(days=one.looked_at + 1)
            if self._condition.holds({**one.facts, "now": moment, "today": today, HEARD: heard}) != one.held:
                return moment
            one.looked_at += 1
        return None


@dataclass(slots=True)
class _Ahead:
    """One subject as it is known, and how many days ahead have been looked at."""

    subject: Subject
    facts: Mapping[str, Any]
    zone: tzinfo
    held: bool
    now: datetime
    looked_at: int = 0

    @property
    def alone(self) -> int | None:
        """The only person whose uses count; None where all do."""
        return self.subject.contact_id if self.subject.kind == "contact" else None

    def midnight(self, days: int) -> datetime:
        """When the day begins that is so many days ahead."""
        return start_of(day_of(self.now, self.zone) + timedelta(days=days), self.zone)


def held_by(session: Session, live: LivePlaybook, trigger: BecomesTrigger) -> set[tuple[int, int | None]]:
    """For whom the last look found that it holds: (subject, account)."""
    rows = select(HeldCondition.subject_id, HeldCondition.account_id).where(
        HeldCondition.playbook_key == live.key, HeldCondition.condition == condition_id(live, trigger)
    )
    return {(subject_id, account_id) for subject_id, account_id in session.execute(rows)}


class Past:
    """The uses that conditions count, to be counted at any moment: what `HeardEvents` is, for a small store."""

    def __init__(self, session: Session, asked: Iterable[Heard]) -> None:
        self._asked = tuple(asked)
        self._came: dict[tuple[str, int | None, int | None], list[datetime]] = defaultdict(list)
        for name in {one.event for one in self._asked}:
            rows = select(Event.account_id, Event.contact_id, Event.occurred_at).join(
                Contact, Contact.id == Event.contact_id
            )
            for account_id, contact_id, at in session.execute(rows.where(is_use(name)).order_by(Event.occurred_at)):
                self._came[name, account_id, contact_id].append(at)
                self._came[name, account_id, None].append(at)

    def facts(self, account_id: int, contact_id: int | None, *, now: datetime) -> Mapping[str, Any]:
        """What is asked, as it is at a moment, each under its own text."""
        return {one.path: counted(one, self._came[one.event, account_id, contact_id], now) for one in self._asked}


def counted(asked: Heard, came: Sequence[datetime], now: datetime) -> int | None:
    """What is asked of uses, given in the order of time, as it is at a moment."""
    span = Span.of(asked)
    first = bisect_left(came, now - span.since)
    last = bisect_right(came, now) if span.before is None else bisect_left(came, now - span.before)
    if asked.function != "days_since_event":
        return max(0, last - first)
    return (now - came[last - 1]) // DAY if last > first else None
