"""The lift of one playbook, or of every live one that is to move something."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from engage.errors import NotFoundError
from engage.language.guessing import way_out
from engage.releases.library import Library
from engage.reports.lift import Lift, expectation_of, measure


def lifts(
    session: Session, library: Library, key: str | None = None, *, now: datetime, since: datetime | None = None
) -> list[Lift]:
    """In the order of their keys; raises NotFoundError for a playbook that is not live or measures nothing."""
    live = {one.key: one for one in library.live(session)}
    if key is not None and key not in live:
        raise NotFoundError(f"no playbook {key} is live", hint=way_out(key, live))
    asked = [live[key]] if key is not None else [live[name] for name in sorted(live)]
    measured = [(one, expect) for one in asked if (expect := expectation_of(one.playbook)) is not None]
    if key is not None and not measured:
        raise NotFoundError(f"{key} does not say what it is to move", hint="add expect: {metric: goal, look_after: …}")
    return [measure(session, library, one, expect, now=now, since=since) for one, expect in measured]
