"""An instant as people say it: day, weekday and time on somebody's clock."""

from __future__ import annotations

from datetime import datetime, tzinfo

_PATTERNS = {"ja": "y年M月d日(EEE) HH:mm", "en": "EEE d MMM y, HH:mm"}


def day_and_time(at: datetime, *, zone: tzinfo, language: str) -> str:
    """Such as Wed 18 Nov 2026, 10:00."""
    from babel.dates import format_datetime  # most who reckon with days say none

    return format_datetime(at, _PATTERNS[language], tzinfo=zone, locale=language)
