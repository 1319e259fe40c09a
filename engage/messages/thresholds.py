"""From which share of bad news on a playbook or a sending domain is stopped: `bounces=5%/10 complaints=0.2%/3`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from engage.errors import InputError
from engage.messages.tallies import Fared

Kind = Literal["bounced", "complained"]
_NAMES: dict[str, Kind] = {"bounces": "bounced", "complaints": "complained"}
_PAIR = re.compile(r"(bounces|complaints)=(\d+(?:\.\d+)?)%(?:/(\d+))?")
_LEAST: dict[Kind, int] = {"bounced": 10, "complained": 3}


@dataclass(frozen=True, slots=True)
class Threshold:
    """A share of what was sent, and how many it must be at least: one of three mails says nothing."""

    kind: Kind
    share: float
    at_least: int

    def is_passed_by(self, fared: Fared) -> bool:
        """Whether it is too much."""
        count: int = getattr(fared, self.kind)
        return count >= self.at_least and count >= self.share * fared.sent


def read_thresholds(said: str) -> tuple[Threshold, ...]:
    """The thresholds of the setting; none when it is `off`."""
    return () if said.strip() == "off" else tuple(_read(pair) for pair in said.split())


def too_much(thresholds: tuple[Threshold, ...], fared: Fared) -> Threshold | None:
    """The first threshold that is passed."""
    return next((one for one in thresholds if one.is_passed_by(fared)), None)


def _read(pair: str) -> Threshold:
    found = _PAIR.fullmatch(pair)
    if found is None or not 0 < float(found[2]) <= 100:
        hint = "bounces=5%/10 complaints=0.2%/3, or off"
        raise InputError(f"{pair} is no share with a count", where="ENGAGE_PAUSE_AT", hint=hint)
    kind = _NAMES[found[1]]
    return Threshold(kind, float(found[2]) / 100, int(found[3]) if found[3] else _LEAST[kind])
