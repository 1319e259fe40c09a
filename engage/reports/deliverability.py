"""How mail fares by playbook and by sending domain, and what is stopped for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from engage.messages.braking import in_force
from engage.messages.tallies import Fared, by_domain, by_playbook, how_mail_fared
from engage.messages.thresholds import Threshold, too_much
from engage.releases.pauses import Pause, pauses


@dataclass(frozen=True, slots=True)
class Deliverability:
    """The figures of some days, and what holds mail back now."""

    playbooks: Mapping[str, Fared]
    domains: Mapping[str, Fared]
    paused: Mapping[str, Pause]  # playbooks
    brakes: Sequence[Any]
    thresholds: tuple[Threshold, ...]

    def passes(self, fared: Fared) -> Threshold | None:
        """The threshold that these figures pass."""
        return too_much(self.thresholds, fared)


def deliverability(session: Session, thresholds: tuple[Threshold, ...], *, days: int, now: datetime) -> Deliverability:
    """What went out and came back in so many days."""
    fared = how_mail_fared(session, since=now - timedelta(days=days), now=now)
    return Deliverability(
        playbooks=by_playbook(fared),
        domains=by_domain(fared),
        paused=pauses(session),
        brakes=in_force(session, now=now),
        thresholds=thresholds,
    )
