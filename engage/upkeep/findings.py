"""What the doctor says of one thing it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "note", "bad"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at: how it is, and the way out where it is not well."""

    what: str
    verdict: Verdict
    said: str
    way_out: str | None = None
    seconds: float | None = None  # where it is about time: how much
    count: int | None = None  # where it is about rows: how many
    ids: tuple[str, ...] = ()  # and the first few of them
