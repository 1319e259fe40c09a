"""From which share on is too much, and how it is written."""

from __future__ import annotations

import pytest

from engage.errors import InputError
from engage.messages.tallies import Fared
from engage.messages.thresholds import Threshold, read_thresholds, too_much

USUAL = read_thresholds("bounces=5%/10 complaints=0.2%/3")


def test_shares_and_least_counts_are_read() -> None:
    assert (Threshold("bounced", 0.05, 10), Threshold("complained", 0.002, 3)) == USUAL
    assert read_thresholds("complaints=1%") == (Threshold("complained", 0.01, 3),)
    assert read_thresholds("off") == ()


@pytest.mark.parametrize("said", ["bounces=5", "bounces=0%", "bounces=101%", "clicks=5%", "bounces=5%/x", "5%"])
def test_what_is_no_threshold_is_refused_with_the_way_out(said: str) -> None:
    with pytest.raises(InputError, match=r"ENGAGE_PAUSE_AT.*bounces=5%"):
        read_thresholds(said)


@pytest.mark.parametrize(
    ("fared", "kind"),
    [
        (Fared(0, 0, 0), None),
        (Fared(10, 9, 2), None),  # a large share of too few
        (Fared(200, 10, 0), "bounced"),
        (Fared(201, 10, 0), None),
        (Fared(1500, 0, 3), "complained"),
        (Fared(1501, 0, 3), None),
        (Fared(0, 10, 0), "bounced"),  # what comes back of mail that is older
    ],
)
def test_too_much_is_a_share_and_a_count(fared: Fared, kind: str | None) -> None:
    passed = too_much(USUAL, fared)
    assert (passed.kind if passed else None) == kind
