"""How an in-app message is to be shown: kept with its inputs from the order on, read when it is put into the inbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

SHOWING = "_showing"  # where a message's inputs keep it; templates cannot reach names with an underscore


def kept_showing(showing: Mapping[str, Any]) -> dict[str, Any]:
    """What is not as usual, as a message's inputs keep it."""
    return {SHOWING: dict(showing)} if showing else {}


def shown_as(inputs: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The columns of the item that is put into an inbox now; what is not named is as usual."""
    kept = inputs.get(SHOWING) or {}
    columns = {name: kept[name] for name in ("display", "priority", "frequency") if name in kept}
    return columns | {"pages": tuple(kept.get("pages") or ()), "expires_at": _end(kept, now)}


def is_over(inputs: Mapping[str, Any], now: datetime) -> bool:
    """Whether the day until which it was to be shown has passed."""
    until = (inputs.get(SHOWING) or {}).get("until")
    return until is not None and datetime.fromisoformat(until) <= now


def _end(kept: Mapping[str, Any], now: datetime) -> datetime | None:
    if "until" in kept:
        return datetime.fromisoformat(kept["until"])
    return now + timedelta(seconds=kept["seconds"]) if "seconds" in kept else None
