"""How much a customer uses the product, counted from events: real people only, no colleagues, no test accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, func, select
from sqlalchemy.orm import Session

from engage.calendars.zones import start_of
from engage.customers.tables import Account, Contact
from engage.db.base import UtcDateTime
from engage.db.sets import among
from engage.events.tables import SOURCE_ENGAGE, SOURCE_STAFF, Event
from engage.language.catalogue import NOT_USE

DAYS = 30
WEEKS = 12
_WEEK = timedelta(days=7)
# What a change has to exceed to be called one.
_NOTABLE = 0.1


class Period(NamedTuple):
    """The days a report is about, first and last, and the day on which the period before it began."""

    before: date
    first: date
    last: date

    @classmethod
    def of(cls, occurrence: Mapping[str, Any] | None) -> Period | None:
        """The period that an occurrence stands for; None when it stands for a moment."""
        names = ("previous_start", "period_start", "period_end")
        said = [(occurrence or {}).get(name) for name in names]
        return cls(*(date.fromisoformat(day) for day in said if day)) if all(said) else None


@dataclass(frozen=True, slots=True)
class Window:
    """What is counted: from `since` until just before `until`, beside what was from `before` on."""

    before: datetime
    since: datetime
    until: datetime

    @classmethod
    def of(cls, period: Period | None, zone: tzinfo, now: datetime) -> Window:
        """The days of the period there; without one the last 30 days, this moment included."""
        if period is None:
            since, until = now - timedelta(days=DAYS), now + timedelta(microseconds=1)
            return cls(since - timedelta(days=DAYS), since, until)
        days = (period.before, period.first, period.last + timedelta(days=1))
        return cls(*(start_of(day, zone) for day in days))


@dataclass(slots=True)
class Counted:
    """Events of one account in a window and before it, by contact."""

    now: dict[int, int] = field(default_factory=dict)
    before: dict[int, int] = field(default_factory=dict)
    first_used_at: datetime | None = None
    weeks: list[dict[str, Any]] | None = None  # only where somebody asks for them


Usage = Mapping[tuple[int, Window], Counted]


def count_usage(session: Session, asked: Collection[tuple[int, Window]], *, now: datetime) -> Usage:
    """The usage of each account in each window asked for, as known now: a statement a window, one for first uses."""
    counted: dict[tuple[int, Window], Counted] = defaultdict(Counted)
    by_window: dict[Window, list[int]] = defaultdict(list)
    for account_id, window in asked:
        by_window[window].append(account_id)
    for window, accounts in by_window.items():
        _count(session, counted, window, accounts, now)
    ids = list({account_id for account_id, _ in asked})
    firsts = dict(session.execute(_FIRST_USES, {"ids": ids, "now": now}).all())
    for account_id, window in asked:
        counted[account_id, window].first_used_at = firsts.get(account_id)
    return counted


def count_weeks(session: Session, usage: Usage, zones: Mapping[tuple[int, Window], tzinfo], *, now: datetime) -> None:
    """Adds how often the product was used in each of the twelve weeks up to the end of each window."""
    ends: dict[datetime, list[tuple[int, Window]]] = defaultdict(list)
    for one in zones:
        ends[one[1].until].append(one)
    for until, several in ends.items():
        begins = {f"w{number}": until - (WEEKS - number) * _WEEK for number in range(WEEKS + 1)}
        rows = session.execute(_WEEKLY, {"ids": [account_id for account_id, _ in several], "now": now, **begins})
        counts = {row[0]: row[1:] for row in rows}
        for account_id, window in several:
            zone, found = zones[account_id, window], counts.get(account_id, (0,) * WEEKS)
            days = (begins[f"w{number}"].astimezone(zone).date() for number in range(WEEKS))
            weeks = [{"starts_on": day, "events": count} for day, count in zip(days, found, strict=True)]
            usage[account_id, window].weeks = weeks if any(found) else []  # nothing to show: no row of zeros


def _count(
    session: Session, counted: dict[tuple[int, Window], Counted], window: Window, ids: list[int], now: datetime
) -> None:
    said = {"ids": ids, "before": window.before, "since": window.since, "until": window.until, "now": now}
    rows: Iterable[Any] = session.execute(_COUNTED, said)
    for account_id, contact_id, recent, both in rows:
        one = counted[account_id, window]
        if recent:
            one.now[contact_id] = recent
        if both > recent:
            one.before[contact_id] = both - recent


def usage_facts(
    counted: Counted | None, *, period: Period | None, today: date, contact_id: int | None
) -> dict[str, Any]:
    """`usage.…` of one account, over the period or the last 30 days; nobody who counts means zeros."""
    one = counted or Counted()
    events, before = sum(one.now.values()), sum(one.before.values())
    return {
        "active_users": len(one.now),
        "active_users_before": len(one.before),
        "events": events,
        "events_before": before,
        **_dates(period, today),
        "trend": trend(events, before),
        "first_used_at": one.first_used_at,
        **({"weeks": one.weeks} if one.weeks is not None else {}),
        "contact_events": one.now.get(contact_id, 0) if contact_id is not None else None,
    }


def _dates(period: Period | None, today: date) -> dict[str, Any]:
    if period is None:
        return {"days": DAYS, "as_of": today, "since": None, "before_since": None, "before_until": None}
    return {
        "days": (period.last - period.first).days + 1,
        "as_of": period.last,
        "since": period.first,
        "before_since": period.before,
        "before_until": period.first - timedelta(days=1),
    }


def trend(events: int, before: int) -> str:
    """`up`, `down` or `flat` against the window before; `none` where there is nothing to compare."""
    if not events and not before:
        return "none"
    if abs(events - before) <= before * _NOTABLE:
        return "flat"
    return "up" if events > before else "down"


def is_use(name: str | None = None, *, contact: Any = Contact) -> ColumnElement[bool]:
    """What is use of the product: a track event of a person who is not a colleague; of one name, or of any."""
    about_customers = (_events.name.not_like(name + "%" if name.endswith(".") else name) for name in NOT_USE)
    return and_(
        _events.type == "track",
        _events.source_id.not_in((SOURCE_ENGAGE, SOURCE_STAFF)),
        contact.is_staff.is_(False),
        *(about_customers if name is None else (_events.name == name,)),
    )


def _moment(name: str) -> Any:
    return bindparam(name, type_=UtcDateTime())


# Asked for every chunk, so each is made once.
_events, _contacts, _accounts = Event.__table__.c, Contact.__table__.c, Account.__table__.c
_BY_CONTACT = (_events.account_id, _events.contact_id)
_OF_PEOPLE = Event.__table__.join(Contact.__table__, _contacts.id == _events.contact_id)
_COUNTED = (
    select(*_BY_CONTACT, func.count().filter(_events.occurred_at >= _moment("since")), func.count())
    .select_from(_OF_PEOPLE)
    .where(among(_events.account_id, "ids"), is_use(contact=_contacts), _events.occurred_at >= _moment("before"))
    .where(_events.occurred_at < _moment("until"), _events.occurred_at <= _moment("now"))
    .group_by(*_BY_CONTACT)
)
_FIRST_USE = (
    select(_events.occurred_at)
    .select_from(_OF_PEOPLE)
    .where(_events.account_id == _accounts.id, is_use(contact=_contacts), _events.occurred_at <= _moment("now"))
    .order_by(_events.occurred_at)
    .limit(1)
    .correlate(Account.__table__)
    .scalar_subquery()
)
_FIRST_USES = select(_accounts.id, _FIRST_USE).where(among(_accounts.id, "ids"))
_WEEKLY = (
    select(
        _events.account_id,
        *(
            func.count().filter(
                _events.occurred_at >= _moment(f"w{number}"), _events.occurred_at < _moment(f"w{number + 1}")
            )
            for number in range(WEEKS)
        ),
    )
    .select_from(_OF_PEOPLE)
    .where(among(_events.account_id, "ids"), is_use(contact=_contacts), _events.occurred_at >= _moment("w0"))
    .where(_events.occurred_at < _moment(f"w{WEEKS}"), _events.occurred_at <= _moment("now"))
    .group_by(_events.account_id)
)
