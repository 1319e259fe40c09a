"""Random worlds: declared traits, customers whose rows are as odd as data gets, and conditions over them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.orm import Session

from engage.customers.tables import Account, Contact, Contract, Membership
from engage.events.tables import Event
from engage.language.expressions import Expression
from engage.language.vocabulary import FactDeclaration, Vocabulary
from tests.integration.customers.asking import expressions
from tests.integration.customers.strange import (
    EVENTS,
    KINDS,
    MOMENTS,
    NUMBERS,
    START,
    TEXTS,
    TICK,
    WRITTEN_BOOLS,
    WRITTEN_DATES,
    WRITTEN_INSTANTS,
    WRITTEN_LISTS,
    WRITTEN_NUMBERS,
    ZONES,
)


@dataclass(frozen=True)
class World:
    """One draw: when it is, what is declared, every row, and what is asked."""

    now: datetime
    vocabulary: Vocabulary
    rows: dict[type[Any], list[dict[str, Any]]]
    kind: str
    asked: tuple[Expression, ...]

    def fill(self, session: Session) -> None:
        """Writes the rows."""
        for table, rows in self.rows.items():
            if rows:
                session.execute(insert(table), rows)


@st.composite
def worlds(draw: st.DrawFn, *, accounts: int = 5, conditions: int = 25) -> World:
    """A world; strange values are as likely as plain ones."""
    now = draw(
        st.one_of(
            st.sampled_from(MOMENTS),
            st.integers(0, 730 * 86400).map(lambda seconds: START + seconds * timedelta(seconds=1, microseconds=1)),
        )
    )
    is_odd = draw(st.integers(0, 7)) == 0  # then facts are declared anew, and conditions ask what only a run knows
    declared = draw(st.dictionaries(paths(is_odd), st.sampled_from(KINDS), min_size=3, max_size=10))
    default = draw(st.sampled_from(("Asia/Tokyo", "America/New_York", "UTC")))
    vocabulary = Vocabulary(
        facts={path: FactDeclaration(type=kind) for path, kind in declared.items()},
        defaults={"time_zone": default, "locale": "ja"},
    )
    rows = draw(customers(now, declared, accounts))
    kind = draw(st.sampled_from(("account", "account", "contact", "contract")))
    asked = draw(st.lists(expressions(vocabulary, now, is_odd), min_size=conditions // 2, max_size=conditions))
    return World(now, vocabulary, rows, kind, tuple(asked))


def paths(is_odd: bool) -> st.SearchStrategy[str]:
    own = st.builds("{}.{}".format, st.sampled_from(("account", "contact", "contract")), st.sampled_from("abcd"))
    anew = st.sampled_from(("account.segment", "contract.previous_ends_on", "account.region"))
    return st.one_of(own, own, anew) if is_odd else own


# -- rows


def values(kind: str | None = None) -> st.SearchStrategy[Any]:
    """What a trait may hold: mostly of its type in some writing, sometimes anything."""
    written = {
        "text": TEXTS,
        "number": (*NUMBERS, *WRITTEN_NUMBERS),
        "bool": (True, False, 0, 1, 1.0, *WRITTEN_BOOLS),
        "date": (*WRITTEN_DATES, 20270331, 20270331.0),
        "instant": WRITTEN_INSTANTS,
        "list": (["gold"], ["Gold", "silver"], [], [1, 2.5, True, None, "1", 10**20], *WRITTEN_LISTS),
    }
    anything = st.one_of(
        st.sampled_from([None, "", True, False, [], {}, {"gold": 1}, ["gold", 1]]),
        *(st.sampled_from(each) for each in written.values()),
        st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=6),
        st.integers(-5, 5),
        st.floats(-1e6, 1e6),
        st.dates(date(2027, 1, 1), date(2027, 12, 31)).map(date.isoformat),
    )
    usual = st.sampled_from(written[kind]) if kind else anything
    more = {"date": st.dates(date(2026, 12, 1), date(2028, 3, 1)).map(date.isoformat), "number": st.integers(-3, 15)}
    return st.one_of(usual, usual, more.get(kind or "", usual), anything)


@st.composite
def customers(
    draw: st.DrawFn, now: datetime, declared: dict[str, str], most: int
) -> dict[type[Any], list[dict[str, Any]]]:
    """Accounts with their people, contracts and events."""

    def traits(group: str) -> dict[str, Any]:
        names = {path.partition(".")[2]: kind for path, kind in declared.items() if path.startswith(group + ".")}
        said = {name: draw(values(kind)) for name, kind in names.items() if draw(st.booleans())}
        more = {"no_tracking": "bool"} if group != "contract" else {}
        if group == "account":
            more |= {
                "goal_target": "number",
                "goal_as_of": "date",
                "goal_text": "text",
                "handoff_complete": "bool",
                "handoff_purpose": "text",
            }
        return said | {name: draw(values(kind)) for name, kind in more.items() if draw(st.integers(0, 3)) == 0}

    def pick(*from_: Any) -> Any:
        return draw(st.sampled_from(from_))

    stamps = {"created_at": now, "updated_at": now}
    accounts = [
        {
            "id": id_,
            "public_id": f"acc_{id_}",
            "external_id": f"a{id_}",
            "name": pick("", *TEXTS[1:6]),
            "country": pick(None, "JP", "US", ""),
            "region": pick(None, "東"),
            "locale": pick(None, "", "en"),
            "time_zone": pick(*ZONES),
            "segment": pick(None, *TEXTS),
            "touch_model": pick(None, "high"),
            "phase": pick(None, "adoption", "churned"),
            "fiscal_year_end_month": pick(None, 3, 12),
            "is_test": pick(False, False, False, True),
            "traits": traits("account"),
            **stamps,
        }
        for id_ in range(1, draw(st.integers(1, most)) + 1)
    ]
    ids = [one["id"] for one in accounts]
    contacts = [
        {
            "id": id_,
            "public_id": f"con_{id_}",
            "external_id": f"u{id_}",
            "email": pick(None, "a@b.example"),
            "family_name": pick(None, *TEXTS),
            "full_name": pick(None, "山田"),
            "locale": pick(None, "ja"),
            "time_zone": pick(*ZONES),
            "is_staff": pick(False, False, True),
            "is_shared_box": pick(False, True),
            "left_at": pick(None, None, now),
            "traits": traits("contact"),
            **stamps,
        }
        for id_ in range(1, draw(st.integers(1, most + 1)) + 1)
    ]
    pairs = draw(
        st.lists(
            st.tuples(st.sampled_from([c["id"] for c in contacts]), st.sampled_from(ids)),
            unique=True,
            max_size=2 * most,
        )
    )
    memberships = [
        {
            "contact_id": contact,
            "account_id": account,
            "roles": pick([], ["champion"], ["admin", "契約"], ["Gold", "gold"]),
            "since": now - timedelta(days=pick(0, 1, 3)) - pick(timedelta(0), timedelta(hours=9), TICK),
            "until": pick(None, None, now),
            "learned_at": now,
        }
        for contact, account in pairs
    ]
    day = now.date()
    contracts = [
        {
            "id": id_,
            "public_id": f"ctr_{id_}",
            "external_id": f"c{id_}",
            "account_id": pick(*ids),
            "name": pick(*TEXTS),
            "starts_on": pick(None, day, day - timedelta(days=365), day + timedelta(days=1)),
            "ends_on": pick(None, day, day + timedelta(days=1), day + timedelta(days=120), date(2028, 2, 29)),
            "notice_deadline": pick(None, day - timedelta(days=1), day + timedelta(days=90)),
            "amount_minor": pick(None, 0, 1200000, 10**15),
            "currency": pick(None, "JPY"),
            "auto_renew": pick(False, True),
            "sold_by": pick(None, "p"),
            "contact_policy": "direct",
            "state": pick("active", "active", "pending", "ended"),
            "traits": traits("contract"),
            **stamps,
        }
        for id_ in range(1, draw(st.integers(0, most + 2)) + 1)
    ]
    edges = [
        now - timedelta(days=days) + shift
        for days in (0, 1, 7, 14, 28, 30, 60, 730, 731)
        for shift in (timedelta(0), TICK, -TICK)
    ]
    events = [
        {
            "source_id": pick(1, 1, 1, 0, -1, -2),
            "message_id": f"m{number}",
            "type": pick("track", "track", "track", "page"),
            "name": pick(*EVENTS),
            "occurred_at": pick(*edges),
            "received_at": now,
            "account_id": pick(None, *ids),
            "contact_id": pick(None, *(c["id"] for c in contacts)),
            "properties": {},
            "context": {},
            "user_id": None,
            "anonymous_id": None,
            "group_id": None,
            "resolved_at": now,
        }
        for number in range(draw(st.integers(0, 12)))
    ]
    return {Account: accounts, Contact: contacts, Membership: memberships, Contract: contracts, Event: events}
