"""When a date trigger, a recurrence or an absence is due for one customer, and when it is too late. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

from engage.calendars.occurrences import (
    DEFAULT_GRACE,
    latest_day,
    offset_day,
    period_before,
    quarter_starts,
    recurrences,
)
from engage.calendars.zones import day_of, start_of
from engage.journeys.surroundings import Place
from engage.keys import occurrence_of_absence, occurrence_of_date, occurrence_of_recurrence
from engage.language.durations import Duration
from engage.language.spec import (
    AbsentTrigger,
    DateTrigger,
    EmailStep,
    EventTrigger,
    EveryTrigger,
    InAppStep,
    Playbook,
    walk,
)
from engage.language.triggers import CALENDAR, FISCAL_QUARTER
from engage.language.vocabulary import TouchModel

HOURS_IN_DAY = 8
FIRST_DAY, FIRST_MONDAY = date(2000, 1, 1), date(2000, 1, 3)
LOOK_BACK = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time at which one customer should enter: its key, when, and what the steps may know of it."""

    key: str
    due_at: datetime
    is_late: bool
    facts: dict[str, Any]


def is_too_late(trigger: EventTrigger, occurred_at: datetime, *, learned_at: datetime) -> bool:
    """Whether an event was learned so long after it happened that nobody would understand a mail about it now."""
    limit = trigger.if_late.within.roughly if trigger.if_late else DEFAULT_GRACE
    return learned_at - occurred_at > limit


def of_date(
    trigger: DateTrigger, anchor: date, *, place: Place, now: datetime, approval_days: int, term_days: int | None
) -> Occurrence | None:
    """The occurrence of a date trigger, once its day has come; None before that and long after it."""
    calendar = place.calendar
    if trigger.latest is not None:
        span = trigger.latest
        day = latest_day(anchor, span.amount, span.unit, calendar, approval_days=approval_days, term_days=term_days)
    else:
        span = trigger.offset or Duration(0, "days")
        day = offset_day(anchor, span.amount, span.unit, calendar)
    limit = trigger.if_late.within if trigger.if_late else None
    facts = {"date": anchor.isoformat(), "due": day.isoformat()}
    return _at(occurrence_of_date(anchor, str(span)), start_of(day, place.zone), limit, facts, place=place, now=now)


def of_recurrence(
    trigger: EveryTrigger, anchor: date | None, *, fiscal_year_end_month: int | None, place: Place, now: datetime
) -> Occurrence | None:
    """The newest date of a recurrence whose day has come."""
    today = day_of(now, place.zone)
    dates = _recurring(trigger, anchor, fiscal_year_end_month, after=today - LOOK_BACK, until=today)
    for date_ in sorted(dates, reverse=True):
        due_at = start_of(place.calendar.roll_forward(date_), place.zone)
        if due_at <= now:
            first, last = period_before(date_, trigger.every.amount, trigger.every.unit, place.calendar)
            before, _ = period_before(first, trigger.every.amount, trigger.every.unit, place.calendar)
            period = {"previous_start": before, "period_start": first, "period_end": last}
            facts = {"date": date_.isoformat()} | {name: day.isoformat() for name, day in period.items()}
            return _at(occurrence_of_recurrence(date_), due_at, None, facts, place=place, now=now)
    return None


def newest_recurrence(trigger: EveryTrigger, *, fiscal_year_end_month: int | None, now: datetime) -> date | None:
    """The newest date, wherever the day is already furthest, of a recurrence that is not a customer's own."""
    today = now.date()
    after, until = today - LOOK_BACK - timedelta(days=1), today + timedelta(days=1)
    return max(_recurring(trigger, _fixed(trigger), fiscal_year_end_month, after=after, until=until), default=None)


def _fixed(trigger: EveryTrigger) -> date | None:
    return trigger.anchor if isinstance(trigger.anchor, date) else None


def of_absence(trigger: AbsentTrigger, since: date | datetime, *, place: Place, now: datetime) -> Occurrence | None:
    """The occurrence of an event that has not come in time, counted from a date or an instant."""
    start = since if isinstance(since, datetime) else start_of(since, place.zone)
    day = day_of(start, place.zone)
    due_at = place.after(start, trigger.within)
    facts = {"date": day.isoformat(), "since": start.isoformat()}
    return _at(occurrence_of_absence(trigger.absent, day), due_at, None, facts, place=place, now=now)


def approval_room(playbook: Playbook, model: TouchModel) -> int:
    """How many open days the slowest approval of the playbook may take before a message can leave."""
    by_model = business_days_of(model.within) if model.approve != "never" else 0
    if model.escalate_to is not None:
        by_model *= 2
    longest = 0
    for step in walk(playbook.steps):
        if isinstance(step, EmailStep | InAppStep):
            said = step.approve
            if said is None:
                longest = max(longest, by_model)
            elif said.mode != "never":
                longest = max(longest, business_days_of(said.within) if said.within else by_model or 2)
    return longest


def business_days_of(span: Duration | None) -> int:
    """A length as open days, rounded up; two where nothing is said."""
    if span is None:
        return 2
    if span.unit == "minutes":
        return -(-span.amount // (HOURS_IN_DAY * 60))
    if span.unit == "hours":
        return -(-span.amount // HOURS_IN_DAY)
    return span.roughly.days if span.unit in ("weeks", "months") else span.amount


def _recurring(
    trigger: EveryTrigger, anchor: date | None, month: int | None, *, after: date, until: date
) -> Iterator[date]:
    if trigger.anchor == FISCAL_QUARTER:
        return quarter_starts(month, after=after, until=until)
    if trigger.anchor == CALENDAR:
        anchor = FIRST_MONDAY if trigger.every.unit == "weeks" else FIRST_DAY
    if anchor is None:
        return iter(())
    if isinstance(trigger.anchor, date) and after < anchor <= until:
        own = iter((anchor,))
        return chain(own, recurrences(anchor, trigger.every.amount, trigger.every.unit, after=after, until=until))
    return recurrences(anchor, trigger.every.amount, trigger.every.unit, after=after, until=until)


def _at(
    key: str, due_at: datetime, limit: Duration | None, facts: dict[str, Any], *, place: Place, now: datetime
) -> Occurrence | None:
    if due_at > now:
        return None
    deadline = place.after(due_at, limit) if limit is not None else due_at + DEFAULT_GRACE
    if now > deadline + LOOK_BACK:
        return None
    return Occurrence(key, due_at, now > deadline, facts)
