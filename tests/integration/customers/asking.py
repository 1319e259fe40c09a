"""Random conditions over the facts of a random world."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from engage.language.expressions import Expression, ExpressionError, parse_expression
from engage.language.vocabulary import Vocabulary
from tests.integration.customers.strange import DAYS, KINDS, NUMBERS, TEXTS, USED


def expressions(vocabulary: Vocabulary, now: datetime, is_odd: bool) -> st.SearchStrategy[Expression]:
    """Conditions that the grammar takes."""
    catalogue = vocabulary.catalogue()

    def read(text: str) -> Expression | None:
        try:
            return parse_expression(text, catalogue, wanted=("bool",))
        except ExpressionError:
            return None

    return conditions(vocabulary, now, is_odd).map(read).filter(lambda one: one is not None)  # type: ignore[return-value]


BUILT_IN = {
    "text": [
        "account.id",
        "account.external_id",
        "account.name",
        "account.country",
        "account.locale",
        "account.time_zone",
        "account.segment",
        "account.phase",
        "contact.email",
        "contact.family_name",
        "contact.time_zone",
        "contract.name",
        "contract.currency",
        "contract.state",
        "goal.text",
        "handoff.purpose",
        "usage.trend",
    ],
    "number": [
        "account.fiscal_year_end_month",
        "contact.known_days",
        "contract.amount_minor",
        "contract.term_days",
        "goal.target",
        "usage.active_users",
        "usage.active_users_before",
        "usage.events",
        "usage.events_before",
        "usage.days",
        "usage.contact_events",
    ],
    "bool": [
        "account.is_test",
        "account.no_tracking",
        "contact.no_tracking",
        "contact.is_staff",
        "contact.has_left",
        "contract.auto_renew",
        "handoff.complete",
    ],
    "date": [
        "contract.starts_on",
        "contract.ends_on",
        "contract.notice_deadline",
        "contract.previous_ends_on",
        "goal.as_of",
        "usage.as_of",
        "usage.since",
        "today",
    ],
    "instant": ["usage.first_used_at", "now"],
    "list": ["contact.roles"],
}
RUN_ONLY = (
    "event.properties.x == 1", 'event.name == "a"', "handoff.count > 1", "csm is missing", "contract.is_downgrade",
    "team.name is set", '"a" in handoff.missing', "waited.happened", "event.properties.yes",
)  # fmt: skip


def conditions(vocabulary: Vocabulary, now: datetime, is_odd: bool) -> st.SearchStrategy[str]:
    """The texts of conditions, from one clause to a small tree."""
    facts = {
        kind: [
            *BUILT_IN[kind],
            *(path for path, fact in vocabulary.facts.items() if fact.type == kind),
            *(path for path, fact in vocabulary.facts.items() if fact.type == kind),
        ]
        for kind in KINDS
    }
    fact = {kind: st.sampled_from(facts[kind]) for kind in KINDS}
    text = st.sampled_from(TEXTS).map(quoted)
    numbers = st.sampled_from([str(n) for n in NUMBERS if abs(n) <= 1e15] + ["0.7", "14"])
    near = [now.date() + timedelta(days=d) for d in (-365, -1, 0, 1, 2, 90, 120)]
    dates = st.one_of(st.sampled_from(near), st.sampled_from([date(2027, 3, 31), date(2028, 2, 29)])).map(
        lambda d: quoted(d.isoformat())
    )
    instants = st.sampled_from([now, now - timedelta(days=1), datetime(2027, 3, 31, 15, tzinfo=UTC)]).map(
        lambda m: quoted(m.isoformat())
    )
    name = st.sampled_from(USED).map(quoted)
    heard = st.one_of(
        st.builds("{}({}, days={})".format, st.sampled_from(("count", "count_before")), name, st.sampled_from(DAYS)),
        st.builds("days_since_event({})".format, name),
    )
    a_date = st.one_of(
        fact["date"],
        fact["date"],
        st.builds(
            "{}({})".format,
            st.sampled_from(("earliest", "latest")),
            st.lists(fact["date"], min_size=1, max_size=3).map(", ".join),
        ),
    )
    an_instant = st.one_of(
        fact["instant"],
        st.builds(
            "{}({})".format,
            st.sampled_from(("earliest", "latest")),
            st.lists(fact["instant"], min_size=1, max_size=3).map(", ".join),
        ),
    )
    days = st.builds("{}({})".format, st.sampled_from(("days_until", "days_since")), st.one_of(a_date, an_instant))
    number = st.one_of(fact["number"], fact["number"], heard, days)
    sums = st.recursive(
        st.one_of(number, numbers),
        lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        max_leaves=4,
    )
    a_text = st.one_of(fact["text"], fact["text"], fact["text"].map("lower({})".format))
    order, same = st.sampled_from(("==", "!=", "<", "<=", ">", ">=")), st.sampled_from(("==", "!="))
    member = st.sampled_from(("in", "not in"))

    def listed(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.lists(items, min_size=1, max_size=3).map(lambda some: f"[{', '.join(some)}]")

    flip = st.sampled_from(("true", "false"))
    clause = st.one_of(
        st.builds("{} {} {}".format, a_text, same, st.one_of(text, a_text)),
        st.builds("{} {} {}".format, a_text, member, listed(text)),
        st.builds("{} {} {}".format, sums, order, st.one_of(numbers, sums)),
        st.builds("{} {} {}".format, number, member, listed(numbers)),
        st.builds("{} {} {}".format, a_date, order, st.one_of(dates, a_date)),
        st.builds("{} {} {}".format, a_date, member, listed(dates)),
        st.builds("{} {} {}".format, an_instant, order, st.one_of(instants, an_instant)),
        st.builds("{} {} {}".format, fact["bool"], same, st.one_of(flip, fact["bool"])),
        fact["bool"],
        fact["bool"],
        flip,
        st.builds(
            "{} {} {}".format,
            st.one_of(text, a_text, numbers, fact["number"], fact["bool"], flip, fact["date"]),
            member,
            fact["list"],
        ),
        st.builds(
            "{} is {}".format, st.one_of(*fact.values(), sums, days, heard, a_date), st.sampled_from(("missing", "set"))
        ),
        st.builds(
            "{} is {}".format,
            st.sampled_from(("contract", "contact", "account", "goal")),
            st.sampled_from(("missing", "set")),
        ),
        *([st.sampled_from(RUN_ONLY)] if is_odd else []),
    )
    return st.recursive(
        clause,
        lambda inner: st.one_of(
            st.builds("({} and {})".format, inner, inner),
            st.builds("({} or {})".format, inner, inner),
            st.builds("(not {})".format, inner),
            st.builds("(({}) == ({}))".format, inner, inner),
            st.builds("(({}) is missing)".format, inner),
        ),
        max_leaves=4,
    )


def quoted(text: str) -> str:
    """A text as Jinja2 reads it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'
