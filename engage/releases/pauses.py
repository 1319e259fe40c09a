"""Which playbooks are paused: they listen, but send and begin nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.releases.tables import PausedPlaybook

_paused = PausedPlaybook.__table__.c
_PAUSES = select(_paused.playbook_key, _paused.since, _paused.by, _paused.reason)


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when a playbook is paused, by whom and why."""

    since: datetime
    by: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"since": self.since.isoformat(), "by": self.by, "reason": self.reason}


def pauses(session: Session) -> dict[str, Pause]:
    """Every paused playbook by its key, as of now."""
    return {key: Pause(since, by, reason) for key, since, by, reason in session.execute(_PAUSES)}
