"""Whom a look has to look at: one statement leaves out everybody whom nothing can concern, Python judges the rest.

The statement is made once for each version; a look gives it the present.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, bindparam, exists, false, func, literal, or_
from sqlalchemy.orm import Session

from engage.customers.conditions import Conditions
from engage.customers.moments import Moments, shifts_of
from engage.customers.tables import Account
from engage.customers.trait_sql import lend_functions
from engage.db.base import UtcDateTime
from engage.journeys.prospects import has_changed, may_be_prospect
from engage.journeys.reach import reach_of
from engage.journeys.tables import Enrolment, HeldCondition
from engage.journeys.timing import LOOK_BACK, newest_recurrence
from engage.keys import occurrence_of_absence, occurrence_of_date, occurrence_of_recurrence
from engage.language.durations import Duration
from engage.language.expressions import Expression
from engage.language.spec import AbsentTrigger, BecomesTrigger, DateTrigger, EveryTrigger
from engage.language.vocabulary import Vocabulary
from engage.releases.library import Library, LivePlaybook

_SOME_DAY = date(2000, 2, 29)
_RECKONED = ("days", "weeks", "months")  # the periods whose newest date a database can tell

_CHANGED_SINCE = bindparam("changed_since", type_=UtcDateTime())


@dataclass(frozen=True, slots=True)
class Look:
    """The statements of one playbook's look, and what they ask of the present."""

    queries: Sequence[Select[Any]]
    moments: Moments

    def subjects(self, session: Session, *, now: datetime, changed_since: datetime | None) -> list[int]:
        """Whom the look may concern: of all subjects, or of those changed since."""
        lend_functions(session)
        present = self.moments.values(now) | ({} if changed_since is None else {_CHANGED_SINCE.key: changed_since})
        connection = session.connection()
        return sorted({id_ for query in self.queries for id_ in connection.scalars(query, present)})


def due(
    session: Session, library: Library, live: LivePlaybook, *, now: datetime, changed_since: datetime | None
) -> list[int]:
    """The subjects that a date, a recurrence or an absence may concern now."""
    look = _look(session, library, live, now, is_full=changed_since is None)
    return look.subjects(session, now=now, changed_since=changed_since)


def turning(
    session: Session,
    library: Library,
    live: LivePlaybook,
    *,
    condition: str,
    now: datetime,
    changed_since: datetime | None,
) -> list[int]:
    """The subjects for whom a condition is not what was last known of it."""
    look = _look(session, library, live, now, is_full=changed_since is None, condition=condition)
    return look.subjects(session, now=now, changed_since=changed_since)


def _look(
    session: Session, library: Library, live: LivePlaybook, now: datetime, *, is_full: bool, condition: str = ""
) -> Look:
    """The look as it was made before, where it still serves: the world's dates and a recurrence's move on."""
    vocabulary = library.vocabulary(session)
    usual = vocabulary.defaults.time_zone
    shape: Hashable = (frozenset(shifts_of(now, usual)), _newest(live.playbook.trigger, now), is_full, condition)

    def make() -> Look:
        return _Sieve(session, live, vocabulary, now=now, is_full=is_full).look(condition)

    return library.kept((__name__, live.key, live.version_id, shape), session, make)


class _Sieve:
    """Makes the statements that find whom a playbook's look may concern: of all subjects, or of those changed since."""

    def __init__(
        self, session: Session, live: LivePlaybook, vocabulary: Vocabulary, *, now: datetime, is_full: bool
    ) -> None:
        self.session, self.live, self.vocabulary = session, live, vocabulary
        self.kind, self.trigger, self.is_full = live.playbook.subject, live.playbook.trigger, is_full
        self.moments = Moments(now)
        self.base = may_be_prospect(self.kind)
        if not is_full:
            self.base.append(has_changed(self.kind, _CHANGED_SINCE))

    def look(self, condition: str) -> Look:
        if isinstance(self.trigger, BecomesTrigger):
            return Look([self._turning(self.trigger, condition)], self.moments)
        moved = [self._moved(self.trigger.date)] if isinstance(self.trigger, DateTrigger) else []
        return Look([self._entering(), *moved], self.moments)

    def _turning(self, trigger: BecomesTrigger, condition: str) -> Select[Any]:
        asked = self._conditions(trigger.becomes)
        holds = asked.holds(trigger.becomes)
        known = exists().where(
            HeldCondition.playbook_key == self.live.key,
            HeldCondition.condition == condition,
            HeldCondition.subject_id == asked.customers.subject_id,
            HeldCondition.account_id == Account.id,
        )
        over = known if asked.residue else known & ~func.coalesce(holds, False)
        return self._select(asked, or_(holds & ~known, over))

    def _conditions(self, *expressions: Expression) -> Conditions:
        among = None
        if not self.is_full:
            changed = Conditions(self.session, self.kind, self.vocabulary, (), moments=self.moments)
            among = self._select(changed, accounts=True)
        return Conditions(
            self.session,
            self.kind,
            self.vocabulary,
            expressions,
            moments=self.moments,
            among=among,
            period=isinstance(self.trigger, EveryTrigger),
        )

    def _select(self, asked: Conditions, *where: Any, accounts: bool = False) -> Select[Any]:
        wanted = Account.id if accounts else asked.customers.subject_id
        return asked.customers.select(wanted, where=[*self.base, *where])

    # -- dates

    def _entering(self) -> Select[Any]:
        """Those the audience takes in, whose day may have come and was not dealt with."""
        audience, anchor = self.live.playbook.audience, _anchor(self.trigger)
        asked = self._conditions(*(one for one in (audience, anchor) if one is not None))
        day = self._day(asked, anchor) if anchor is not None else None
        # The dates first: they leave out most, and a database that asks in this order need not read their traits.
        where = list(self._in_time(asked, day)) if day is not None else []
        if isinstance(self.trigger, EveryTrigger) and anchor is None:
            where.append(self._recurring(asked, self.trigger))
        return self._select(asked, *where, *([asked.holds(audience)] if audience is not None else []))

    def _recurring(self, asked: Conditions, trigger: EveryTrigger) -> ColumnElement[bool]:
        """The newest date of the recurrence, which is the same for all with one fiscal year, was not dealt with."""
        year_end = func.coalesce(Account.fiscal_year_end_month, 12)
        return or_(
            false(),
            *(
                year_end.in_(several) & ~self._enrolled(asked, Enrolment.occurrence == occurrence_of_recurrence(newest))
                for newest, several in _newest(trigger, self.moments.now)
            ),
        )

    def _moved(self, anchor: Expression) -> Select[Any]:
        """Those in the playbook whose date is another than the one they entered for."""
        asked = self._conditions(anchor)
        day = self._day(asked, anchor)
        told = Enrolment.trigger[("occurrence", "date")].as_string()
        has_moved = self._enrolled(asked, Enrolment.state == "running")
        if day is not None:
            has_moved = has_moved.where(told != asked.dialect.text_of_day(day))
        return self._select(asked, has_moved)

    def _day(self, asked: Conditions, anchor: Expression) -> Any:
        """The column of a date; None where only Python can tell it."""
        value = asked.value(anchor)
        return asked.dialect.utc_day(value) if value is not None and anchor.kind == "instant" else value

    def _in_time(self, asked: Conditions, day: Any) -> Iterator[ColumnElement[bool]]:
        first, _ = reach_of(self.live.playbook, self.vocabulary, self.moments.now)
        if first is not None:
            yield day >= self.moments.of(lambda now: reach_of(self.live.playbook, self.vocabulary, now)[0], Date())
        yield day <= self.moments.of(lambda now: reach_of(self.live.playbook, self.vocabulary, now)[1], Date())
        if isinstance(self.trigger, EveryTrigger) and self.trigger.every.unit in _RECKONED:
            until = self.moments.of(lambda now: now.date() + timedelta(days=1), Date())
            day = asked.dialect.newest(day, self.trigger.every, until)
            yield day >= self.moments.of(lambda now: now.date() - LOOK_BACK - timedelta(days=1), Date())
        key = _key(self.trigger)
        if key is not None:
            before, _, after = key(_SOME_DAY).rpartition(_SOME_DAY.isoformat())
            said = literal(before).concat(asked.dialect.text_of_day(day)).concat(literal(after))
            yield ~self._enrolled(asked, Enrolment.occurrence == said)

    def _enrolled(self, asked: Conditions, *where: Any) -> Any:
        return exists().where(
            Enrolment.playbook_key == self.live.key,
            Enrolment.subject_kind == self.kind,
            Enrolment.subject_id == asked.customers.subject_id,
            *where,
        )


def _newest(trigger: object, now: datetime) -> tuple[tuple[date, tuple[int, ...]], ...]:
    """The newest date of a recurrence that is not a customer's own, by the month in which their fiscal year ends."""
    months: dict[date, list[int]] = {}
    if isinstance(trigger, EveryTrigger) and not isinstance(trigger.anchor, Expression):
        for month in range(1, 13):
            newest = newest_recurrence(trigger, fiscal_year_end_month=month, now=now)
            if newest is not None:
                months.setdefault(newest, []).append(month)
    return tuple((newest, tuple(several)) for newest, several in months.items())


def _anchor(trigger: object) -> Expression | None:
    """The date that the trigger counts from, where it is a customer's own."""
    match trigger:
        case DateTrigger():
            return trigger.date
        case EveryTrigger(anchor=Expression() as anchor):
            return anchor
        case AbsentTrigger(since=Expression() as since):
            return since
    return None


def _key(trigger: object) -> Callable[[date], str] | None:
    """How an occurrence is named after its date, where the date alone names it."""
    match trigger:
        case DateTrigger():
            span = trigger.latest if trigger.latest is not None else trigger.offset or Duration(0, "days")
            return lambda day: occurrence_of_date(day, str(span))
        case AbsentTrigger(since=Expression(kind="date")):
            return lambda day: occurrence_of_absence(trigger.absent, day)
        case EveryTrigger() if trigger.every.unit in _RECKONED:
            return occurrence_of_recurrence
    return None
