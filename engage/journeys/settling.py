"""What became of the messages of one step, taken together. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engage.messages.policy.verdicts import is_personal, is_refusal

Outcome = dict[str, Any]
_BEST_FIRST = ("accepted", "rejected", "cancelled", "skipped")
_SAID = ("message", "contact", "outcome", "reason", "at", "followed")
NOBODY_KNOWN = 0  # stands for a reader whom older news does not name


@dataclass(frozen=True, slots=True)
class Settlement:
    """What several messages come to: accepted if any was, and who was reached or could not be."""

    outcome: str
    at: str
    reason: str | None
    reached: frozenset[int]
    away: Mapping[int, str]
    is_followed: bool = False  # whether it would be known if somebody had followed a link

    @property
    def is_refusal(self) -> bool:
        """Whether everybody who was not reached wanted it so."""
        return all(is_refusal(reason) for reason in self.away.values())


def news_of(signals: Iterable[Mapping[str, Any]], step_id: str, visit: int) -> list[Outcome]:
    """What the signals say of the messages of this step and visit."""
    mine = (one for one in signals if one["purpose"] == "message" and (one["step"], one["visit"]) == (step_id, visit))
    return [{name: one.get(name) for name in _SAID} for one in mine]


def once(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Each message once, with what was said of it first."""
    known: dict[Any, Outcome] = {}
    for number, one in enumerate(outcomes):
        known.setdefault(one["message"] or number, one)
    return list(known.values())


def settlement_of(outcomes: Sequence[Outcome]) -> Settlement:
    """The outcomes taken together; of nothing, nothing."""
    if not outcomes:
        return Settlement("none", "", None, frozenset(), {})
    best = min(outcomes, key=lambda one: _rank(one["outcome"]))
    away = {one["contact"] or NOBODY_KNOWN: str(one["reason"]) for one in outcomes if _is_away(one)}
    reached = frozenset(one["contact"] or NOBODY_KNOWN for one in outcomes if not _is_away(one))
    followed = any(one.get("followed") for one in outcomes)
    return Settlement(best["outcome"], max(one["at"] for one in outcomes), best["reason"], reached, away, followed)


def _is_away(one: Outcome) -> bool:
    return one["outcome"] == "skipped" and is_personal(one["reason"])


def _rank(outcome: str) -> int:
    return _BEST_FIRST.index(outcome) if outcome in _BEST_FIRST else len(_BEST_FIRST)
