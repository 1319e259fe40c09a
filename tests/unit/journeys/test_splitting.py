"""Who goes which way of a split: evenly, always the same, and never anew for an account that has gone one."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.journeys.splitting import WAYS_TAKEN, way_of
from engage.language.spec import SplitStep
from tests.unit.journeys.plays import TUESDAY, Tale, playbook_of

SPLIT = """
- split: {a: 25%, b: 75%}
  a: [{email: kickoff/welcome, id: short}]
  b: []
- wait: 1 day
"""


@cache
def step_of(text: str = SPLIT) -> SplitStep:
    step = playbook_of(text).steps[0]
    assert isinstance(step, SplitStep)
    return step


def test_the_shares_are_kept_over_many_accounts() -> None:
    counted = Counter(way_of("tale", step_of(), f"acc_{number}", {}) for number in range(10_000))

    assert 2300 < counted["a"] < 2700


@given(st.text(), st.text(min_size=1))
def test_an_account_always_goes_the_same_way(playbook: str, account: str) -> None:
    assert way_of(playbook, step_of(), account, {}) == way_of(playbook, step_of(), account, {})


def test_other_playbooks_and_steps_draw_their_own_lots() -> None:
    other = step_of(SPLIT.replace("- split", "- id: other\n  split"))
    ways = [
        (
            way_of("tale", step_of(), str(n), {}),
            way_of("tale", other, str(n), {}),
            way_of("next", step_of(), str(n), {}),
        )
        for n in range(200)
    ]

    assert len(set(ways)) == 8


@pytest.mark.parametrize(("before", "expected"), [("a", "a"), ("b", "b"), ("gone", None)])
def test_a_way_once_given_holds_though_the_shares_change(before: str, expected: str | None) -> None:
    drawn = way_of("tale", step_of(), "acc_1", {})

    assert way_of("tale", step_of(), "acc_1", {"split": before}) == (expected or drawn)


def test_the_decision_says_the_way_and_the_share_and_goes_there() -> None:
    tale = Tale(SPLIT, **{WAYS_TAKEN: {"split": "a"}})

    assert tale.advance() == ["Assigned", "Ordered"]
    assert (tale.told[0].way, tale.told[0].share, tale.told[0].leads_to) == ("a", "25%", "short")
    assert WAYS_TAKEN not in tale.told[1].facts

    tale = Tale(SPLIT, **{WAYS_TAKEN: {"split": "b"}})
    assert tale.advance(TUESDAY) == ["Assigned", "Waiting"]
