"""Room in a rolling window: the first instant at which one more touch overfills no stretch of time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple


class Taken(NamedTuple):
    """A cap, and the instants that already count against it: past ones, and those promised to others."""

    at_most: int
    within: timedelta
    instants: Sequence[datetime]

    def has_room(self, at: datetime) -> bool:
        """Whether one more then leaves every window that holds it within the cap; a window excludes its first end."""
        near = [one for one in self.instants if at - self.within < one < at + self.within]
        ends = [at, *(one for one in near if one > at)]
        return all(sum(end - self.within < one <= end for one in near) < self.at_most for end in ends)


def next_free(now: datetime, caps: Sequence[Taken]) -> datetime:
    """The first instant from now on that has room under every cap."""
    free = (one + cap.within for cap in caps for one in cap.instants)
    return next(at for at in [now, *sorted(at for at in free if at > now)] if all(cap.has_room(at) for cap in caps))
