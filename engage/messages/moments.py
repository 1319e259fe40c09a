"""A moment before which a message may not leave, such as a broadcast's where colleagues are asked ahead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

NOT_BEFORE = "_not_before"  # where a message's inputs keep it; templates cannot reach names with an underscore


def kept_moment(due_at: datetime, now: datetime) -> dict[str, Any]:
    """The moment as a message's inputs keep it, for the day on which it is made again."""
    return {NOT_BEFORE: due_at.isoformat()} if due_at > now else {}


def moment_of(inputs: Mapping[str, Any], now: datetime) -> datetime:
    """When a message with these inputs may leave at the earliest: now, or at the moment that was kept."""
    kept = inputs.get(NOT_BEFORE)
    return max(now, datetime.fromisoformat(kept)) if kept else now
