"""What conditions mean, and what is refused with its place."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.language.catalogue import Catalogue
from engage.language.expressions import Expression, ExpressionError, parse_expression
from engage.language.tree import LOOK_BACK, Heard

CATALOGUE = Catalogue.builtin().with_facts({"account.plan": "text", "account.since": "date", "account.seats": "number"})
FACTS: dict[str, Any] = {
    "account": {"phase": "adoption", "seats": 12, "since": "2026-04-01", "is_test": False, "plan": None},
    "contact": {"roles": ["champion", "admin"], "is_staff": False},
    "contract": {"ends_on": date(2027, 3, 31), "notice_deadline": None, "auto_renew": True},
    "event": {
        "occurred_at": datetime(2026, 12, 30, 12, tzinfo=UTC),
        "properties": {"pages": 3, "due": "2027-01-05", "Plan Name": "pro"},
    },
    "heard": {
        'count("report.created", days=14)': 2,
        'count_before("report.created", days=14)': 5,
        'days_since_event("report.created")': None,
    },
    "sent": {"email_hello": {"state": "accepted"}},
    "today": date(2027, 1, 1),
    "now": datetime(2027, 1, 1, 3, tzinfo=UTC),
}


def read(text: str) -> Expression:
    return parse_expression(text, CATALOGUE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('account.phase == "adoption"', True),
        ('account.phase != "churned" and account.phase is set', True),
        ('account.plan != "gold"', False),
        ('not account.plan == "gold"', True),
        ('account.plan not in ["gold", "silver"]', False),
        ("account.plan is missing", True),
        ("account.plan is not missing", False),
        ("csm is missing", True),
        ('"champion" in contact.roles', True),
        ('"billing" not in contact.roles', True),
        ('account.phase in ["adoption", "renewal"]', True),
        ("contract.ends_on >= account.since", True),
        ('contract.ends_on == "2027-03-31"', True),
        ("days_until(contract.ends_on)", 89),
        ("days_until(contract.ends_on) <= 120 and contract.auto_renew", True),
        ("days_since(event.occurred_at)", 1),
        ("days_until(contract.notice_deadline) < 5", False),
        ("earliest(contract.notice_deadline, contract.ends_on)", date(2027, 3, 31)),
        ("latest(contract.ends_on, account.since)", date(2027, 3, 31)),
        ("earliest(contract.notice_deadline, contract.notice_deadline)", None),
        ("1 < account.seats <= 12", True),
        ("account.seats * 2 + 1 > 24", True),
        ("account.seats / 0 > 1", False),
        ("account.seats > -1", True),
        ("event.properties.pages >= 3", True),
        ('event.properties.pages == "3"', False),
        ("event.properties.pages", 3),
        ("event.properties.due > today", True),
        ("event.properties.absent == 1", False),
        ('event.properties["Plan Name"] == "pro"', True),
        ('lower(account.phase) == "adoption"', True),
        ('sent["email-hello"].state == "accepted" and sent.email_hello.state is set', True),
        ("account.is_test == false", True),
        ("account.is_test or contract.auto_renew", True),
        ("true", True),
        ('count("report.created", days=14) >= 3', False),
        ('count("report.created", days=14) < 0.5 * count_before("report.created", days=14)', True),
        ('days_since_event("report.created") is missing', True),
        ('days_since_event("report.created") > 3', False),
        ("account.seats / 3 * 3 == account.seats", True),
        ("0.1 + 0.2 == 0.3", False),
        ('usage.trend is missing or usage.trend == "none"', True),
    ],
)
def test_an_expression_is_worth(text: str, value: object) -> None:
    assert read(text).evaluate(FACTS) == value
    assert read(str(read(text))).evaluate(FACTS) == value


@pytest.mark.parametrize(
    ("text", "offset", "code"),
    [
        ("", 0, "bad-expression"),
        ("account.phse == 1", 0, "unknown-fact"),
        ("not (account.name == acount.name)", 21, "unknown-fact"),
        ("foo(1)", 0, "unknown-function"),
        ('contract.ends_on == "2027-02-30"', 20, "impossible-date"),
        ('contract.ends_on in ["2027-02-28", "2027-02-30"]', 35, "impossible-date"),
        ('account.name < "b"', 0, "bad-expression"),
        ("account.seats == account.name", 0, "bad-expression"),
        ("account.seats == true", 0, "bad-expression"),
        ("contract.ends_on > now", 0, "bad-expression"),
        ('contact.roles == "champion"', 0, "bad-expression"),
        ('account.name in "abc"', 16, "bad-expression"),
        ("account.seats in ['a']", 0, "bad-expression"),
        ("account.name and true", 0, "bad-expression"),
        ("contract.ends_on - 3 > today", 0, "bad-expression"),
        ("earliest(contract.ends_on, now)", 0, "bad-expression"),
        ("earliest()", 0, "bad-expression"),
        ("days_until(account.name) > 1", 11, "bad-expression"),
        ('account.phase = "x"', 14, "bad-expression"),
        ("account.phase ==", 14, "bad-expression"),
        ("account.name | upper == 'A'", 15, "bad-expression"),
        ("account.name is defined", 13, "bad-expression"),
        ("account.name ~ 'a' == 'b'", 0, "bad-expression"),
        ("'a' if true else 'b'", 0, "bad-expression"),
        ("account.name.upper() == 'A'", 12, "unknown-function"),
        ("account[account.name] == 'A'", 7, "bad-expression"),
        ('count("report.created") > 1', 0, "bad-expression"),
        ('count("report.created", 14) > 1', 0, "bad-expression"),
        ("count(account.name, days=14) > 1", 0, "bad-expression"),
        ('count("report.created", days=account.seats) > 1', 36, "bad-window"),
        ('count("report.created", days=0) > 1', 29, "bad-window"),
        ('true or count_before("report.created", days=731) > 1', 44, "bad-window"),
        ('count("report.created", days=true) > 1', 29, "bad-window"),
        ('count("contract.renewed", days=14) > 1', 6, "not-use"),
        ('days_since_event("replied") > 1', 17, "not-use"),
        ('days_since_event("x", days=3) > 1', 0, "bad-expression"),
        ('count("x", days=3) == "3"', 0, "bad-expression"),
        ('cont("x", days=3) > 1', 0, "unknown-function"),
        ("account.seats > 1000000000000001", 16, "bad-expression"),
        ("1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 > 1", 0, "bad-expression"),
        ("none == account.name", 0, "bad-expression"),
        ("[] == 1", 0, "bad-expression"),
        ("account.phase == 'x' }}", 21, "bad-expression"),
        ("'unfinished", 0, "bad-expression"),
        ("(" * 300 + "true", 0, "bad-expression"),
        ("true or " * 400, 0, "bad-expression"),
        ("2 ** 9999999 > 1", 0, "bad-expression"),
        ("__import__('os')", 0, "unknown-function"),
        ("account.__class__ == 1", 0, "unknown-fact"),
    ],
)
def test_what_is_refused_names_its_place(text: str, offset: int, code: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        read(text)
    assert (refused.value.offset, refused.value.code) == (offset, code)


def test_a_misspelt_fact_or_function_names_the_nearest() -> None:
    for text, hint in (("account.phse is set", "account.phase"), ("earlist(today)", "earliest")):
        with pytest.raises(ExpressionError) as refused:
            read(text)
        assert refused.value.hint == f"did you mean {hint}?"


@pytest.mark.parametrize(
    ("text", "offset"), [("2027-02-30", 0), ('account.name == "a-1" or contract.ends_on > 2027-3-31', 44)]
)
def test_a_date_without_quotes_is_no_subtraction(text: str, offset: int) -> None:
    with pytest.raises(ExpressionError, match="a date stands in quotes") as refused:
        read(text)
    assert refused.value.offset == offset
    assert read('contract.ends_on > "2027-03-31" and account.name != "2027-03-31"')


def test_a_fact_of_another_type_than_declared_counts_as_missing() -> None:
    facts = {"account": {"seats": "many", "since": "soon", "is_test": "yes", "name": 3}, "contact": {"roles": "admin"}}
    for text in ("account.seats is set", "account.since is set", "account.is_test", "account.name is set"):
        assert read(text).evaluate(facts) is False
    assert read('"admin" in contact.roles').evaluate(facts) is False
    assert read("account.seats is missing").evaluate({"account": "not a mapping"}) is True


def test_clauses_tell_each_part_with_its_answer_and_inputs() -> None:
    clauses = read(
        'account.phase == "churned" or (account.plan is set and days_until(contract.ends_on) < 100)'
    ).clauses(FACTS)
    assert [(clause.text, clause.value) for clause in clauses] == [
        ('account.phase == "churned"', False),
        ("account.plan is set and days_until(contract.ends_on) < 100", False),
    ]
    assert clauses[0].inputs == {"account.phase": "adoption"}
    assert clauses[1].inputs == {"account.plan": None, "contract.ends_on": date(2027, 3, 31)}


def test_names_are_all_facts_asked() -> None:
    expression = read("days_until(earliest(contract.notice_deadline, contract.ends_on)) < account.seats")
    assert expression.names == {"contract.notice_deadline", "contract.ends_on", "account.seats", "today", "now"}


VALUES = st.one_of(
    st.none(),
    st.integers(-3, 3),
    st.text("ab", max_size=2),
    st.booleans(),
    st.dates(),
    st.lists(st.text("ab", max_size=1)),
)


@given(
    st.dictionaries(st.sampled_from(["phase", "seats", "since", "is_test", "plan"]), VALUES),
    st.sampled_from(
        ['account.phase == "a"', "account.seats < 2", "account.since > today", "account.is_test", 'account.plan != "a"']
    ),
)
def test_a_condition_is_always_true_or_false_and_its_opposite_the_other(account: dict[str, Any], text: str) -> None:
    facts = {"account": account, "today": date(2000, 1, 1)}
    assert read(text).evaluate(facts) is not read(f"not ({text})").evaluate(facts)


@given(st.text("account.phse =!<>()[]\"'|~+-*/%{}#and or not is in 1", max_size=40))
def test_any_text_is_read_or_refused_within_its_length(text: str) -> None:
    try:
        read(text)
    except ExpressionError as refused:
        assert 0 <= refused.offset <= len(text)


@given(st.sampled_from(["count", "count_before", "days_since_event"]), st.text(min_size=1), st.integers(1, 730))
def test_a_count_is_found_again_by_its_text(function: str, event: str, days: int) -> None:
    asked = Heard("number", 0, function, event, LOOK_BACK if function == "days_since_event" else days)  # type: ignore[arg-type]

    assert Heard.named(asked.path) == asked
    assert Heard.named("account.name") is None
