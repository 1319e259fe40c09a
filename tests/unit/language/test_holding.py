"""What can hold and what follows: "no" and "surely" are said only when they are true."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.language.catalogue import Catalogue
from engage.language.expressions import Expression, parse_expression
from engage.language.holding import can_hold, implies

CATALOGUE = Catalogue.builtin().with_facts({"account.plan": "text", "account.seats": "number"})


def read(text: str) -> Expression:
    return parse_expression(text, CATALOGUE)


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ('account.plan == "a" and account.plan == "b"', False),
        ('account.plan == "a" or account.plan == "b"', True),
        ('account.plan in ["a", "b"] and account.plan == "b"', True),
        ('account.plan in ["a", "b"] and account.plan not in ["b", "a"]', False),
        ('account.plan is missing and account.plan != "b"', False),
        ('not account.plan == "a" and account.plan is missing', True),
        ("account.seats > 3 and account.seats < 3", False),
        ("account.seats >= 3 and 3 >= account.seats", True),
        ("account.seats == 2 and account.seats > 3", False),
        ("account.is_test and not account.is_test", False),
        ("account.is_test == true and account.is_test == false", False),
        ("account.is_test != true and account.is_test != false", False),
        ("days_until(contract.ends_on) < 3 and days_until(contract.ends_on) > 9", False),
        ("contract.ends_on < today and contract.ends_on > today", True),  # not understood, so it may
        ("false", False),
        ("not false", True),
        ("(account.seats > 9 or account.seats < 1) and account.seats in [3, 4]", False),
        (" and ".join(f"(account.is_test or account.seats == {n})" for n in range(40)), True),
    ],
)
def test_a_condition_that_excludes_itself_never_holds(text: str, possible: bool) -> None:
    assert can_hold(read(text).tree) is possible


@pytest.mark.parametrize(
    ("first", "second", "follows"),
    [
        ("account.seats > 10", "account.seats > 3", True),
        ("account.seats > 3", "account.seats > 10", False),
        ('account.plan == "a"', "account.plan is set", True),
        ('account.plan != "a"', "account.plan is set", True),
        ('not account.plan == "a"', "account.plan is set", False),
        ('account.plan == "a" and account.seats > 1', 'account.plan in ["a", "b"]', True),
        ('account.plan == "a"', 'account.plan == "a" and account.seats > 1', False),
        ('account.plan == "a"', 'account.plan == "a" or account.seats > 1', True),
        ("contract.ends_on < today", "contract.ends_on < today", True),
        ("account.seats > 1", "contract.ends_on < today", False),
        ("true", "account.plan is set", False),
        ("account.plan is set", "true", True),
    ],
)
def test_a_condition_follows_from_another(first: str, second: str, follows: bool) -> None:
    assert implies(read(first).tree, read(second).tree) is follows


PARTS = st.sampled_from(
    ["account.is_test", "account.is_test == false", "account.seats is missing", "account.seats is set"]
    + [f"account.seats {sign} {number}" for sign in ("==", "!=", "<", ">=") for number in (1, 2)]
    + ["account.seats in [1, 3]", "account.seats not in [2]", "true"]
)
CONDITIONS = st.recursive(
    PARTS,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda found: f"({' '.join(found)})")
        | inner.map(lambda part: f"not ({part})")
    ),
    max_leaves=5,
)
WORLDS = [{"account": {"is_test": flag, "seats": n}} for flag in (True, False, None) for n in (None, 0, 1, 1.5, 2, 3)]


@given(CONDITIONS, CONDITIONS)
@settings(max_examples=int(os.environ.get("ENGAGE_TEST_EXAMPLES", "60")), deadline=None)
def test_what_is_said_surely_is_so_in_every_world(first: str, second: str) -> None:
    left, right = read(first), read(second)
    if not can_hold(left.tree, right.tree):
        assert not any(left.holds(world) and right.holds(world) for world in WORLDS)
    if implies(left.tree, right.tree):
        assert all(right.holds(world) for world in WORLDS if left.holds(world))
