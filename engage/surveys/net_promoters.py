"""The net promoter score of answers from 0 to 10, with what it may be in truth.

The interval is the adjusted Wald one that B. Rocks found to hold best for small counts ("Interval Estimation for the
'Net Promoter Score'", The American Statistician 70 (2016), 365-372): three answers are added, three quarters of one to
the promoters and as much to the detractors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from engage.language.questions import HIGHEST, Question

PROMOTES_FROM, DETRACTS_TO = 9, 6
_Z = NormalDist().inv_cdf(0.975)
_ADDED, _ADDED_TO_EACH = 3, 0.75


@dataclass(frozen=True, slots=True)
class NetPromoters:
    """Who would recommend us less who would not, in points from -100 to 100; the interval is the 95% one."""

    promoters: int
    passives: int
    detractors: int

    @property
    def answered(self) -> int:
        """How many gave a number."""
        return self.promoters + self.passives + self.detractors

    @property
    def score(self) -> float | None:
        """The net figure; None where nobody answered."""
        return 100 * (self.promoters - self.detractors) / self.answered if self.answered else None

    @property
    def interval(self) -> tuple[float, float]:
        """From where to where the figure may lie in truth."""
        n = self.answered + _ADDED
        up, down = (self.promoters + _ADDED_TO_EACH) / n, (self.detractors + _ADDED_TO_EACH) / n
        half = _Z * math.sqrt((up + down - (up - down) ** 2) / n)
        return max(-100.0, 100 * (up - down - half)), min(100.0, 100 * (up - down + half))

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        low, high = self.interval
        counts = {"promoters": self.promoters, "passives": self.passives, "detractors": self.detractors}
        return {**counts, "score": self.score, "low": low, "high": high}


def net_promoters(question: Question | None, chosen: Mapping[str, int]) -> NetPromoters | None:
    """The figure of a question from 0 to 10; None of any other."""
    scale = question.scale if question else None
    if scale is None or (scale.from_, scale.to) != (0, HIGHEST):
        return None
    scores = {int(number): count for number, count in chosen.items() if number in scale.numbers()}
    promoters = sum(count for score, count in scores.items() if score >= PROMOTES_FROM)
    detractors = sum(count for score, count in scores.items() if score <= DETRACTS_TO)
    return NetPromoters(promoters, sum(scores.values()) - promoters - detractors, detractors)
