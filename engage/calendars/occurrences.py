"""On which local day a date trigger or a recurrence happens. Dates in, dates out; instants are made by zones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count

from engage.calendars.business_days import BusinessCalendar
from engage.calendars.spans import shift_day

MONTHS_IN_QUARTER = 3
DEFAULT_GRACE = timedelta(days=3)


def lead_for_term(lead_days: int, term_days: int | None) -> int:
    """The written rule for short terms: nobody is asked before half of the term is over.

    A lead of 120 days is kept for terms of 240 days and more; for a shorter term it becomes half the term.
    """
    return lead_days if term_days is None else min(lead_days, max(term_days // 2, 0))


def offset_day(anchor: date, amount: int, unit: str, calendar: BusinessCalendar) -> date:
    """The day so far from the anchor, rolled forward to an open day."""
    return calendar.roll_forward(shift_day(anchor, amount, unit, calendar))


def latest_day(
    anchor: date,
    amount: int,
    unit: str,
    calendar: BusinessCalendar,
    *,
    approval_days: int = 0,
    term_days: int | None = None,
) -> date:
    """The day to begin so that the hand-over is in time: rolled back to an open day, less the time to approve."""
    target = shift_day(anchor, amount, unit, calendar)
    if target < anchor:
        target = anchor - timedelta(days=lead_for_term((anchor - target).days, term_days))
    last = calendar.roll_back(target)
    return calendar.add(last, -approval_days) if approval_days else last


def recurrences(anchor: date, amount: int, unit: str, *, after: date, until: date) -> Iterator[date]:
    """The dates of a recurrence after one date up to another, counted from the anchor: months never drift."""
    if amount <= 0:
        return
    calendar = BusinessCalendar()
    for number in count(_first_number(anchor, amount, unit, after)):
        day = shift_day(anchor, amount * number, unit, calendar)
        if day > until:
            return
        if day > after:
            yield day


def quarter_starts(fiscal_year_end_month: int | None, *, after: date, until: date) -> Iterator[date]:
    """The first days of fiscal quarters in (after, until]; calendar quarters where the year end is not known."""
    first = date(after.year - 1, (fiscal_year_end_month or 12) % 12 + 1, 1)
    yield from recurrences(first, MONTHS_IN_QUARTER, "months", after=after, until=until)


def period_before(start: date, amount: int, unit: str, calendar: BusinessCalendar) -> tuple[date, date]:
    """First and last day of the period that ends the day before that start."""
    return shift_day(start, -amount, unit, calendar), start - timedelta(days=1)


def _first_number(anchor: date, amount: int, unit: str, after: date) -> int:
    """A multiple that is surely not past `after`, so that an old anchor costs no long walk."""
    if unit == "months":
        passed = (after.year - anchor.year) * 12 + after.month - anchor.month
        return max(1, passed // amount - 1)
    days = {"days": 1, "weeks": 7}.get(unit)
    return max(1, (after - anchor).days // (amount * days)) if days else 1
