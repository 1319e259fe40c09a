"""Shares compared: the figures that the papers print, and what may be said of an interval."""

from __future__ import annotations

import pytest

from engage.reports.lift import verdict_of
from engage.reports.shares import Difference, Share, difference, enough

# R. G. Newcombe, Statistics in Medicine 17 (1998): 857-872, table I, and 873-890, table II (method 10).
ONE = [
    ((81, 263), (0.2553, 0.3662)),
    ((15, 148), (0.0624, 0.1605)),
    ((0, 20), (0.0, 0.1611)),
    ((1, 29), (0.0061, 0.1718)),
]
TWO = [
    ((56, 70, 48, 80), (0.0524, 0.3339)),
    ((9, 10, 3, 10), (0.1705, 0.8090)),
    ((6, 7, 2, 7), (0.0582, 0.8062)),
    ((5, 56, 0, 29), (-0.0381, 0.1926)),
    ((0, 10, 0, 20), (-0.1611, 0.2775)),
    ((0, 10, 0, 10), (-0.2775, 0.2775)),
    ((10, 10, 0, 20), (0.6791, 1.0)),
    ((10, 10, 0, 10), (0.6075, 1.0)),
]


@pytest.mark.parametrize(("counts", "expected"), ONE)
def test_a_share_has_the_interval_of_wilson(counts: tuple[int, int], expected: tuple[float, float]) -> None:
    assert Share(*counts).interval == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(("counts", "expected"), TWO)
def test_a_difference_has_the_interval_of_newcombe(counts: tuple[int, ...], expected: tuple[float, float]) -> None:
    found = difference(Share(*counts[:2]), Share(*counts[2:]))
    assert found is not None and (found.low, found.high) == pytest.approx(expected, abs=5e-5)


def test_an_empty_group_has_no_share_and_no_difference() -> None:
    assert (Share(0, 0).value, Share(0, 0).interval) == (None, (0.0, 1.0))
    assert difference(Share(3, 9), Share(0, 0)) is None


@pytest.mark.parametrize(
    ("share", "apart", "ratio", "expected"),
    [
        (0.5, 0.05, 1, (1565, 1565)),
        (0.1, 0.1, 1, (199, 199)),
        (0.3, 0.05, 9, (6959, 774)),
        (0.98, 0.05, 1, (269, 269)),  # there is no room above, so a fall of as much is asked for
    ],
)
def test_how_many_are_enough(share: float, apart: float, ratio: float, expected: tuple[int, int]) -> None:
    assert enough(share, apart, ratio) == expected


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.2, "better"),
        (-0.2, -0.01, "worse"),
        (-0.03, 0.04, "no_effect"),
        (-0.2, 0.05, "too_few"),
        (0.0, 0.3, "too_few"),
        (-0.3, 0.0, "no_effect"),
    ],
)
def test_an_interval_says_no_more_than_it_can(low: float, high: float, verdict: str) -> None:
    assert verdict_of(Difference((low + high) / 2, low, high), worth=0.05) == verdict


def test_without_a_comparison_nothing_is_decided() -> None:
    assert verdict_of(Difference(-0.5, -0.6, -0.4), worth=0.05, compared=False) == "no_comparison"
    assert verdict_of(None, worth=0.05) == "too_few"
