"""How a colleague wants to hear of news: hours, holidays, a channel for each kind, the digest, who stands in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from engage.calendars.holidays import knows
from engage.errors import InputError
from engage.staff.people import one_of, require_zone
from engage.staff.profiles import LANGUAGES
from engage.staff.tables import Reach, StaffMember

# In the order of a form.
NEWS = (
    "approval_asked",
    "approval_escalated",
    "approval_expiring",
    "approval_expired",
    "task_raised",
    "task_overdue",
    "digest",
)
BURST = timedelta(minutes=3)  # what comes within it is told at once
CHANNELS = ("mail", "slack", "both", "none")
OPENS, CLOSES, DIGEST_AT = "09:00", "18:00", "08:30"
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def reach_of(session: Session, staff_id: int) -> Reach:
    """How this colleague is reached; the defaults where they never said."""
    return session.get(Reach, staff_id) or Reach(
        staff_id=staff_id, opens=OPENS, closes=CLOSES, channels={}, slack_is_own=False, digest_at=DIGEST_AT
    )


def channel_of(channels: Mapping[str, Any], news: str) -> str:
    """By which channel a kind of news goes; by mail where nothing was said."""
    return str(channels.get(news, "mail"))


def set_reach(session: Session, member: StaffMember, **said: Any) -> Reach:
    """Changes what is said and leaves the rest; what cannot be is refused with its way out.

    `locale`, `time_zone`, `country`, `opens`, `closes`, `slack`, `slack_is_own`, `digest_at` (None: no digest),
    `stand_in_id` (None: nobody), `channels` (some or all, by kind of news).
    """
    reach = reach_of(session, member.id)
    for name, value in said.items():
        row = member if name in ("locale", "time_zone") else reach
        read = _READ[name](value)
        setattr(row, name, {**reach.channels, **read} if name == "channels" else read)
    _require_sense(session, reach)
    reach.digest_due_at = None  # reckoned anew
    session.add(reach)
    session.flush()
    return reach


def clock_time(said: str) -> str:
    """A time of day as it is kept: 08:30."""
    found = _TIME.fullmatch(said.strip())
    if found is None:
        raise InputError(f"{said!r} is no time of day", code="bad_time", hint="write it like 09:00")
    return f"{int(found[1]):02}:{found[2]}"


def _require_sense(session: Session, reach: Reach) -> None:
    """What each value may be by itself, but not beside the others."""
    if reach.opens >= reach.closes:
        said = f"{reach.opens}-{reach.closes}"
        raise InputError(
            "a working day begins before it ends", code="bad_hours", where=said, hint="such as 09:00-18:00"
        )
    if not reach.slack and {"slack", "both"}.intersection(reach.channels.values()):
        raise InputError("something goes by Slack, but no Slack address is chosen", code="no_slack", hint="choose one")
    stand_in = session.get(StaffMember, reach.stand_in_id) if reach.stand_in_id is not None else None
    is_there = stand_in is not None and stand_in.is_active and stand_in.id != reach.staff_id
    if reach.stand_in_id is not None and not is_there:
        raise InputError("who stands in is somebody else, and still here", code="bad_stand_in")


def _country(said: str | None) -> str | None:
    country = (said or "").strip().upper()
    if country and not knows(country):
        raise InputError(f"the holidays of {said!r} are not known", code="bad_country", hint="a code such as JP")
    return country or None


def _channels(said: Mapping[str, str]) -> dict[str, str]:
    return {one_of(news, NEWS, "news"): one_of(channel, CHANNELS, "channel") for news, channel in said.items()}


_READ: dict[str, Callable[[Any], Any]] = {
    "locale": lambda said: one_of(said, LANGUAGES, "locale"),
    "time_zone": require_zone,
    "country": _country,
    "opens": clock_time,
    "closes": clock_time,
    "slack": lambda said: (said or "").strip() or None,
    "slack_is_own": bool,
    "digest_at": lambda said: clock_time(said) if said else None,
    "stand_in_id": lambda said: said,
    "channels": _channels,
}
