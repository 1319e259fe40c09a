"""How often an event came and how long ago the last was: real use only, in windows that end now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from engage.customers.moments import Moments
from engage.customers.tables import Contact
from engage.customers.usage import is_use
from engage.db.sets import one_of
from engage.events.tables import Event
from engage.language.tree import Heard

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From so long ago on, and until so long ago; without an end up to now, this moment included."""

    since: timedelta
    before: timedelta | None

    @classmethod
    def of(cls, asked: Heard) -> Span:
        """The window that is asked about."""
        length = asked.days * DAY
        return cls(2 * length, length) if asked.function == "count_before" else cls(length, None)


def heard_by(asked: Collection[Heard], *, moments: Moments, per_contact: bool) -> Select[*tuple[Any, ...]]:
    """One row for each account (and contact) that did the event these ask about: a column for each, `heard_0` on."""
    (name,) = {one.event for one in asked}
    spans = [Span.of(one) for one in asked]
    first = max(span.since for span in spans)
    columns = [_column(one, span, first, moments) for one, span in zip(asked, spans, strict=True)]
    by = [Event.account_id, Event.contact_id] if per_contact else [Event.account_id]
    return (
        select(*by, *(column.label(f"heard_{number}") for number, column in enumerate(columns)))
        .join(Contact, Contact.id == Event.contact_id)
        .where(is_use(name), Event.occurred_at >= moments.before(first), Event.occurred_at <= moments.before())
        .group_by(*by)
    )


def _column(asked: Heard, span: Span, first: timedelta, moments: Moments) -> Any:
    wanted = func.max(Event.occurred_at) if asked.function == "days_since_event" else func.count()
    bounds = [] if span.since == first else [Event.occurred_at >= moments.before(span.since)]
    bounds += [] if span.before is None else [Event.occurred_at < moments.before(span.before)]
    return wanted.filter(and_(*bounds)) if bounds else wanted


class HeardEvents:
    """What was heard of a chunk of accounts: a statement for each event that is asked about."""

    def __init__(self, session: Session, asked: Iterable[Heard], account_ids: Iterable[int], *, now: datetime) -> None:
        self._asked = sorted(set(asked), key=lambda one: one.path)
        self._now = now
        self._counted: dict[tuple[Heard, int, int | None], Any] = defaultdict(lambda: None)
        by_name: dict[str, list[Heard]] = defaultdict(list)
        for one in self._asked:
            by_name[one.event].append(one)
        ids = list(account_ids)
        for several in by_name.values():
            query = heard_by(several, moments=Moments(now), per_contact=True).where(one_of(Event.account_id, ids))
            for account_id, contact_id, *values in session.execute(query):
                for one, value in zip(several, values, strict=True):
                    self._add(one, account_id, contact_id, value)
                    self._add(one, account_id, None, value)

    def _add(self, one: Heard, account_id: int, contact_id: int | None, value: Any) -> None:
        key = (one, account_id, contact_id)
        before = self._counted[key]
        if before is None or value is None:
            self._counted[key] = value if before is None else before
        else:
            self._counted[key] = max(before, value) if isinstance(value, datetime) else before + value

    def facts(self, account_id: int, contact_id: int | None, *, is_test: bool) -> Mapping[str, Any]:
        """What was asked, each under its own text; a test account has used nothing."""
        return {
            one.path: self._fact(one, None if is_test else self._counted[one, account_id, contact_id])
            for one in self._asked
        }

    def _fact(self, one: Heard, value: Any) -> int | None:
        if one.function != "days_since_event":
            return value or 0
        return None if value is None else int((self._now - value).total_seconds()) // 86400
