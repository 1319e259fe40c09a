"""When something happened, from what a client says: ISO 8601 in its usual forms, corrected for a wrong clock."""

from __future__ import annotations

from datetime import UTC, datetime

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def parse_instant(value: object) -> datetime | None:
    """The instant in an ISO 8601 text as aware UTC (no offset = UTC), or None where there is no such instant."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        read = datetime.fromisoformat(value.strip())
        instant = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return instant if instant >= _EARLIEST else None


def true_instant(said: datetime | None, *, sent_at: datetime | None, received_at: datetime) -> datetime:
    """When it happened by our clock: received − (sent − said), never later than received; ValueError: absurd."""
    if said is None:
        return received_at
    try:
        corrected = said if sent_at is None else received_at - (sent_at - said)
    except OverflowError:
        raise ValueError("timestamp and sentAt lie too far apart") from None
    if corrected < _EARLIEST:
        raise ValueError(f"timestamp and sentAt together mean a moment before {_EARLIEST.year}")
    return min(corrected, received_at)
