"""Where a fact stands in SQL: the tables of a subject, joined as its facts are named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Date, Select, and_, case, exists, false, func, literal, select, true, tuple_
from sqlalchemy.sql.expression import FromClause

from engage.customers.dialects import Dialect, Sql
from engage.customers.fact_shapes import ACCOUNT_FACTS, CONTACT_FACTS, CONTRACT_FACTS
from engage.customers.hearing import heard_by
from engage.customers.moments import Moments
from engage.customers.tables import Account, Contact, Contract, Membership
from engage.customers.usage import DAYS, is_use
from engage.events.tables import Event
from engage.language.catalogue import BUILT_IN, Kind
from engage.language.tree import Fact, Heard
from engage.language.vocabulary import Vocabulary

_KINDS: Mapping[str, Kind] = {
    f"{group}.{name}": kind
    for group, kinds in BUILT_IN.items()
    for kind, names in kinds.items()
    for name in names.split()
} | {"contact.full_name": "text", "contact.is_shared_box": "bool"}
_NEVER = date(1, 1, 1)
_WINDOW = timedelta(days=DAYS)


class OnlyInPythonError(Exception):
    """A fact that no column holds, with the reason."""


class Customers:
    """All subjects of a kind as one FROM, with the columns that facts are read from.

    `heard` are all counts that will be asked; they are made for the accounts `among`, or for all. `period` says that
    usage is over a report's period, which differs from subject to subject, and not over the days up to now.
    """

    def __init__(
        self,
        kind: str,
        dialect: Dialect,
        vocabulary: Vocabulary,
        *,
        moments: Moments,
        heard: Iterable[Heard] = (),
        among: Select[Any] | None = None,
        period: bool = False,
    ) -> None:
        self.kind, self.dialect, self.vocabulary, self.moments = kind, dialect, vocabulary, moments
        self.among, self.period = among, period
        self.now: Sql = moments.before()
        self.account: Any = Account.__table__.c
        self.contact: Any = Contact.__table__.c
        self.member: Any = Membership.__table__.c
        self._contracts: Any = Contract.__table__ if kind == "contract" else Contract.__table__.alias("current")
        self.contract: Any = self._contracts.c
        self._joined: dict[str, tuple[FromClause, Any]] = {}
        asked = sorted({one.path: one for one in heard}.values(), key=lambda one: (one.event, one.path))
        self._heard = {event: list(several) for event, several in groupby(asked, key=lambda one: one.event)}

    def select(self, *columns: Any, where: Iterable[Any] = ()) -> Select[Any]:
        """These columns of all subjects for which the conditions hold."""
        source: Any = Account.__table__
        if self.kind == "contract":
            source = self._contracts.join(source, self.account.id == self.contract.account_id)
        elif self.kind == "contact":
            source = Membership.__table__.join(Contact.__table__, self.contact.id == self.member.contact_id)
            source = source.join(Account.__table__, self.account.id == self.member.account_id)
        for joined, on in self._joined.values():
            source = source.outerjoin(joined, on)
        query = select(*columns).select_from(source).where(*where)
        return query.where(self.member.until.is_(None)) if self.kind == "contact" else query

    @property
    def subject_id(self) -> Sql:
        """The column that says which subject a row is."""
        return {"account": self.account, "contact": self.contact, "contract": self.contract}[self.kind].id

    def fact(self, fact: Fact) -> Sql:
        """The column of a fact; OnlyInPythonError when there is none."""
        group, _, name = fact.path.partition(".")
        known = _KINDS.get(fact.path)
        if known is not None and known != fact.kind:
            raise OnlyInPythonError(f"{fact.path} was declared as {fact.kind}")
        if group not in _GROUPS:
            raise OnlyInPythonError(f"{group} is known only to a run")
        return _GROUPS[group](self, name, fact)

    def is_there(self, group: str) -> Sql:
        """Whether a whole group of facts is there: a contract may be missing."""
        if group == "contract":
            return self._contract_columns().id.is_not(None)
        if group == "contact":
            return true() if self.kind == "contact" else false()
        if group in ("account", "usage", "handoff", "goal"):
            return true()
        raise OnlyInPythonError(f"{group} is known only to a run")

    def heard(self, asked: Heard, *, or_missing: bool = False) -> Sql:
        """What was counted of an event, by a join with those who did it; nothing is 0, or where wished missing.

        A comparison that fails for 0 fails for what is missing too, and then the join leaves everybody else out.
        """
        several = self._heard[asked.event]
        alone = self.kind == "contact"
        name = f"heard_{list(self._heard).index(asked.event)}"
        columns = self._joined_counts(
            name, lambda: heard_by(several, moments=self.moments, per_contact=alone), alone=alone
        )
        column = columns[f"heard_{[one.path for one in several].index(asked.path)}"]
        if asked.function == "days_since_event":
            return self.dialect.days_of_time(self.now, column)
        return column if or_missing else func.coalesce(column, 0)

    # -- groups of facts

    def _account_fact(self, name: str, fact: Fact) -> Sql:
        if name in ("locale", "time_zone"):
            default = getattr(self.vocabulary.defaults, name)
            return func.coalesce(func.nullif(self.account[name], ""), default)
        if name == "id":
            return self.account.public_id
        return self.account[name] if name in ACCOUNT_FACTS else self._trait(self.account.traits, name, fact)

    def _contact_fact(self, name: str, fact: Fact) -> Sql:
        if self.kind != "contact":
            return self.dialect.missing(fact.kind)
        match name:
            case "id":
                return self.contact.public_id
            case "roles":
                return self.member.roles
            case "has_left":
                return self.contact.left_at.is_not(None)
            case "known_days":
                return self.dialect.days(self._today_of_account(), self.dialect.utc_day(self.member.since))
        return self.contact[name] if name in CONTACT_FACTS else self._trait(self.contact.traits, name, fact)

    def _contract_fact(self, name: str, fact: Fact) -> Sql:
        contract = self._contract_columns()
        match name:
            case "id":
                return contract.public_id
            case "term_days":
                return self.dialect.days(contract.ends_on, contract.starts_on) + 1
            case "previous_ends_on":
                return self.dialect.trait(contract.traits, name, "date")
            case "is_downgrade":
                raise OnlyInPythonError("two terms of a contract are compared in Python")
        return contract[name] if name in CONTRACT_FACTS else self._trait(contract.traits, name, fact)

    def _handoff_fact(self, name: str, fact: Fact) -> Sql:
        match name:
            case "complete":
                return func.coalesce(self.dialect.trait(self.account.traits, "handoff_complete", "bool"), false())
            case "purpose":
                return self.dialect.trait(self.account.traits, "handoff_purpose", "text")
        raise OnlyInPythonError("lists of a hand-over are read in Python")

    def _goal_fact(self, name: str, fact: Fact) -> Sql:
        return self.dialect.trait(self.account.traits, f"goal_{name}", fact.kind)

    def _usage_fact(self, name: str, fact: Fact) -> Sql:
        if self.period:
            raise OnlyInPythonError("usage is over the period of the report")
        match name:
            case "days":
                return self.dialect.number(DAYS)
            case "as_of":
                return self._today("", fact)
            case "since" | "before_since" | "before_until":
                return self.dialect.missing("date")
            case "first_used_at":
                return case((self.account.is_test.is_(false()), self._first_use()))
            case "contact_events":
                return self._contact_events()
        counted = self._joined_counts("used", self._usage_of_accounts, alone=False)
        if name != "trend":
            return func.coalesce(counted[name], 0)
        return _trend(*(func.coalesce(counted[part], 0) for part in ("events", "events_before")))

    def _today(self, name: str, fact: Fact) -> Sql:
        today = self._today_of_account()
        if self.kind != "contact":
            return today
        return self.moments.today(self.contact.time_zone, self.vocabulary.defaults.time_zone, otherwise=today)

    def _now(self, name: str, fact: Fact) -> Sql:
        return self.now

    def _trait(self, traits: Any, name: str, fact: Fact) -> Sql:
        declared = self.vocabulary.facts.get(fact.path)
        if declared is None or declared.type != fact.kind:
            raise OnlyInPythonError(f"{fact.path} is no longer declared as {fact.kind}")
        return self.dialect.trait(traits, name, fact.kind)

    # -- days

    def _today_of_account(self) -> Sql:
        return self.moments.today(self.account.time_zone, self.vocabulary.defaults.time_zone)

    # -- joins

    def _contract_columns(self) -> Any:
        """The contract itself, or the account's current one: the active one that started last."""
        if self.kind != "contract" and "contract" not in self._joined:
            later = Contract.__table__.alias("later")
            follows = tuple_(func.coalesce(later.c.starts_on, literal(_NEVER, Date())), later.c.id) > tuple_(
                func.coalesce(self.contract.starts_on, literal(_NEVER, Date())), self.contract.id
            )
            newer = exists().where(later.c.account_id == self.contract.account_id, later.c.state == "active", follows)
            on = and_(self.contract.account_id == self.account.id, self.contract.state == "active", ~newer)
            self._joined["contract"] = (self._contracts, on)
        return self.contract

    def _joined_counts(self, name: str, make: Callable[[], Select[Any]], *, alone: bool) -> Any:
        """Rows of counts by account, or for each contact alone; a test account has used nothing."""
        if name not in self._joined:
            query = make() if self.among is None else make().where(Event.account_id.in_(self.among))
            counted = query.subquery(name)
            on = and_(counted.c.account_id == self.account.id, self.account.is_test.is_(false()))
            if alone:
                on = and_(on, counted.c.contact_id == self.contact.id)
            self._joined[name] = (counted, on)
        return self._joined[name][0].c

    # -- usage

    def _usage_of_accounts(self) -> Select[Any]:
        since = self.moments.before(_WINDOW)
        now, before = Event.occurred_at >= since, Event.occurred_at < since
        people = func.count(Event.contact_id.distinct())
        return self._used(2 * _WINDOW, Event.account_id).add_columns(
            func.count().filter(now).label("events"),
            func.count().filter(before).label("events_before"),
            people.filter(now).label("active_users"),
            people.filter(before).label("active_users_before"),
        )

    def _contact_events(self) -> Sql:
        if self.kind != "contact":
            return self.dialect.missing("number")
        used = self._used(_WINDOW, Event.account_id, Event.contact_id).add_columns(func.count().label("events"))
        return func.coalesce(self._joined_counts("used_alone", lambda: used, alone=True).events, 0)

    def _used(self, since: timedelta, *by: Any) -> Select[Any]:
        return (
            select(*by)
            .join(Contact, Contact.id == Event.contact_id)
            .where(is_use(), Event.occurred_at >= self.moments.before(since), Event.occurred_at <= self.now)
            .group_by(*by)
        )

    def _first_use(self) -> Sql:
        who = Contact.__table__.alias("first_user")
        return (
            select(func.min(Event.occurred_at))
            .join(who, who.c.id == Event.contact_id)
            .where(Event.account_id == self.account.id, is_use(contact=who.c), Event.occurred_at <= self.now)
            .correlate(Account.__table__)
            .scalar_subquery()
        )


def _trend(events: Sql, before: Sql) -> Sql:
    return case(
        (and_(events == 0, before == 0), "none"),
        (func.abs(events - before) * 10 <= before, "flat"),
        (events > before, "up"),
        else_="down",
    )


_GROUPS: Mapping[str, Callable[[Customers, str, Fact], Sql]] = {
    "account": Customers._account_fact,
    "contact": Customers._contact_fact,
    "contract": Customers._contract_fact,
    "handoff": Customers._handoff_fact,
    "goal": Customers._goal_fact,
    "usage": Customers._usage_fact,
    "today": Customers._today,
    "now": Customers._now,
}
