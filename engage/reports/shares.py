"""Shares of two groups compared: intervals that stay honest where groups are small, and how many would be enough.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212;
R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven methods",
Statistics in Medicine 17 (1998), 873-890 (method 10); J. L. Fleiss, B. Levin, M. C. Paik, "Statistical Methods for
Rates and Proportions", 3rd ed. (2003), section 4.4 (how many are needed, without correction for continuity).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

SURE = 0.95
POWER = 0.8
_Z = NormalDist().inv_cdf((1 + SURE) / 2)
_Z_POWER = NormalDist().inv_cdf(POWER)


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    reached: int
    of: int

    @property
    def value(self) -> float | None:
        """The share itself; None where there is nobody."""
        return self.reached / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval; everything is possible where there is nobody."""
        if not self.of:
            return 0.0, 1.0
        n, p, z2 = self.of, self.reached / self.of, _Z * _Z
        middle = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a share is higher by than another, with what it may be in truth."""

    value: float
    low: float
    high: float


def difference(one: Share, other: Share) -> Difference | None:
    """Newcombe's interval for `one` less `other`; None where a group is empty."""
    if one.value is None or other.value is None:
        return None
    p, q, apart = one.value, other.value, one.value - other.value
    (low, high), (other_low, other_high) = one.interval, other.interval
    down = math.hypot(p - low, other_high - q)
    up = math.hypot(high - p, q - other_low)
    return Difference(apart, max(-1.0, apart - down), min(1.0, apart + up))


def enough(share: float, apart: float, ratio: float) -> tuple[int, int]:
    """How many must be judged to see a difference of `apart` four times in five: (the `ratio` times larger group, the
    smaller one, which has about this share)."""
    p = min(max(share, 0.0), 1.0)
    q = p + apart if p + apart <= 1 else p - apart
    both = (p + ratio * q) / (1 + ratio)
    spread = _Z * math.sqrt((1 + 1 / ratio) * both * (1 - both))
    smaller = (spread + _Z_POWER * math.sqrt(q * (1 - q) / ratio + p * (1 - p))) ** 2 / apart**2
    return math.ceil(smaller * ratio), math.ceil(smaller)
