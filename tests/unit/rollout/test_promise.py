"""When a plan that was shown is no longer true: each reason by itself, and how much may differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engage.errors import ConflictError
from engage.rollout.comparing import Difference
from engage.rollout.outlook import nothing
from engage.rollout.planning import Plan
from engage.rollout.promise import Promise, keep
from engage.rollout.simulation import Told

NOW = datetime(2026, 11, 16, tzinfo=UTC)
UNTIL = NOW + timedelta(days=30)


def told(count: int, *, accounts: int = 1) -> Difference[Told]:
    """So many new mails to so many accounts."""
    rows = [Told(NOW, f"a{n % accounts}", f"c{n}", "tale", "hello", "email", "accepted") for n in range(count)]
    return Difference((), tuple(rows), ())


def plan(mails: int, *, accounts: int = 1) -> Plan:
    return Plan(
        made_at=NOW, until=UNTIL, release=1, files="f", changes=(), enters=(), leaves=(), retimed=(),
        told=told(mails, accounts=accounts), inside={}, texts_reach={}, after=nothing(NOW, UNTIL), before_days={},
    )  # fmt: skip


def promise(mails: int, *, accounts: int = 1) -> Promise:
    return Promise(NOW, UNTIL, 1, "f", {f"a{n}": UNTIL for n in range(accounts)}, mails)


@pytest.mark.parametrize(
    ("shown", "fresh", "code"),
    [
        (promise(1), replace(plan(1), files="g"), "plan_files"),
        (promise(1), replace(plan(1), release=2), "plan_release"),
        (promise(1), plan(9, accounts=5), "plan_people"),
        (promise(9, accounts=5), plan(1), "plan_people"),
        (promise(1), plan(5), "plan_more"),  # the same customer, four mails more
        (promise(100), plan(106), "plan_more"),
    ],
)
def test_a_plan_that_is_no_longer_true_names_what_differs(shown: Promise, fresh: Any, code: str) -> None:
    with pytest.raises(ConflictError) as refused:
        keep(shown, fresh)
    assert refused.value.code == code and "plan --out" in (refused.value.hint or "")


@pytest.mark.parametrize(
    ("shown", "fresh"), [(promise(1), plan(4)), (promise(100), plan(105)), (promise(9), plan(1)), (promise(0), plan(0))]
)
def test_small_differences_keep_a_plan_true(shown: Promise, fresh: Plan) -> None:
    keep(shown, fresh)
