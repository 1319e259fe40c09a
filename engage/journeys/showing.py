"""How an ordered message is shown in the product, as the ledger keeps it until it is put into an inbox. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from engage.calendars.zones import start_of
from engage.journeys.deeds import At
from engage.journeys.surroundings import Place
from engage.language.durations import Duration
from engage.language.spec import EmailStep, InAppStep


def showing_of(step: EmailStep | InAppStep, facts: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """What is not as usual: a length of time counts from when it is shown, a date is the last day."""
    if not isinstance(step, InAppStep):
        return {}
    over = {"display": step.display, "frequency": step.frequency, "pages": list(step.pages)}
    said: dict[str, Any] = over if step.display != "feed" else {}
    said |= {"priority": step.priority} if step.priority != "normal" else {}
    if isinstance(step.expires, Duration):
        return said | {"seconds": int(step.expires.delta.total_seconds())}
    last = _last_moment(step, facts, place)
    return said | {"until": last.isoformat()} if last else said


def is_over(step: EmailStep | InAppStep, at: At) -> bool:
    """Whether the customer's date until which it would be shown has passed."""
    last = _last_moment(step, at.facts, at.place)
    return last is not None and last <= at.now


def _last_moment(step: EmailStep | InAppStep, facts: Mapping[str, Any], place: Place) -> datetime | None:
    if not isinstance(step, InAppStep) or step.expires is None or isinstance(step.expires, Duration):
        return None
    value = step.expires.evaluate(facts)
    if isinstance(value, datetime):
        return value
    return start_of(value + timedelta(days=1), place.zone) if isinstance(value, date) else None
