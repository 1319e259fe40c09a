"""How long a guesser waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engage.staff.throttling import LONGEST_WAIT, wait_after


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (9, 480), (10, 900), (10_000, 900)]
)
def test_waits_double_up_to_a_bound(failures: int, seconds: int) -> None:
    assert wait_after(failures, free=5) == timedelta(seconds=seconds)
    assert wait_after(failures, free=5) <= LONGEST_WAIT
