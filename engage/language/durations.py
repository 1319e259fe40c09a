"""Lengths of time as an author writes them: "14 days", "-120 days", "2 business days"."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, cast, get_args

Unit = Literal["minutes", "hours", "days", "business days", "weeks", "months"]

UNITS: tuple[str, ...] = get_args(Unit)
_SHAPE = re.compile(r"([+-]?)\s*(\d{1,5})\s+(business\s+)?(minute|hour|day|week|month)s?")
_FIXED: dict[str, timedelta] = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
}


@dataclass(frozen=True)
class Duration:
    """A signed amount of one unit; business days and months need a calendar to become an instant."""

    amount: int
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read "2 business days"; raises ValueError with the forms that are right."""
        found = _SHAPE.fullmatch(unicodedata.normalize("NFKC", text).strip())
        unit = "" if found is None else f"{'business ' if found[3] else ''}{found[4]}s"
        if found is None or unit not in UNITS:
            raise ValueError(f"{text!r} is no length of time; write a number and one of: {', '.join(UNITS)}")
        return cls(int(found[1] + found[2]), cast(Unit, unit))

    def __str__(self) -> str:
        unit = self.unit.removesuffix("s") if abs(self.amount) == 1 else self.unit
        return f"{self.amount} {unit}"

    @property
    def is_fixed(self) -> bool:
        """True when the length is the same everywhere: no calendar is needed."""
        return self.unit in _FIXED

    @property
    def delta(self) -> timedelta:
        """The length of a fixed duration; raises ValueError for business days and months."""
        if not self.is_fixed:
            raise ValueError(f"{self} needs a calendar")
        return self.amount * _FIXED[self.unit]

    @property
    def roughly(self) -> timedelta:
        """An upper estimate in calendar time, for comparing and sorting only."""
        if self.unit == "months":
            return timedelta(days=31 * self.amount)
        if self.unit == "business days":
            return timedelta(days=2 * self.amount)
        return self.delta

    def __neg__(self) -> Duration:
        return Duration(-self.amount, self.unit)
