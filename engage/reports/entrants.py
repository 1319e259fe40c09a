"""Who came into a playbook's trial: each account once, with whether it got the playbook or was left alone.

The account is what the lot is drawn for, so the account is what is counted, from its first time on: what it did later,
or how often it came in again, may be an effect itself. Whom a colleague put in by hand was in no lot and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from engage.journeys.holding_out import ALL_PLAYBOOKS, CONTROL, CONTROL_GROUP, HELD_OUT, HOLDOUT, TREATED
from engage.journeys.tables import Enrolment, Exposure
from engage.language.experiments import is_owed
from engage.language.spec import Playbook
from engage.language.vocabulary import PLAYBOOK_STARTED, Vocabulary

Comparison = Literal["holdout", "control_group", "none"]
_EVENT = Enrolment.trigger["event"]
_BY_ITSELF = or_(
    _EVENT["name"].as_string().is_(None),
    _EVENT["name"].as_string() != PLAYBOOK_STARTED,
    _EVENT["properties"]["by"].as_string().is_(None),
)
_FIRST = (Enrolment.id, Enrolment.account_id, Enrolment.entered_at)


@dataclass(frozen=True, slots=True)
class Entrant:
    """One account, by the run with which it came in (a run that was never begun, where it was left alone)."""

    enrolment_id: int
    account_id: int
    at: datetime
    is_left_alone: bool


def comparison_of(playbook: Playbook, vocabulary: Vocabulary, metas: Iterable[Mapping[str, Any]] = ()) -> Comparison:
    """With whom those who got the playbook can be compared."""
    if playbook.holdout is not None:
        return "holdout"
    group = vocabulary.experiments.control_group
    is_in = group is not None and playbook.key not in group.spares and not is_owed(playbook, metas)
    return "control_group" if is_in else "none"


def entrants(session: Session, key: str, comparison: Comparison, *, since: datetime | None) -> list[Entrant]:
    """Every account that came in, in the order of coming, from an instant on."""
    chosen = _chosen(key, comparison, since)
    found: dict[int, Entrant] = {}
    for id_, account_id, at, is_left_alone in session.execute(chosen.order_by(Enrolment.id)):
        found.setdefault(account_id, Entrant(id_, account_id, at, bool(is_left_alone)))
    return list(found.values())


def first_entry(session: Session, key: str, comparison: Comparison, *, since: datetime | None) -> datetime | None:
    """When the first account came in; cheaper than all of them."""
    chosen = _chosen(key, comparison, since).with_only_columns(func.min(Enrolment.entered_at))
    found: datetime | None = session.scalar(chosen)
    return found


def _chosen(key: str, comparison: Comparison, since: datetime | None) -> Any:
    chosen = {"holdout": _by_holdout, "control_group": _by_control_group, "none": _all}[comparison](key)
    return chosen if since is None else chosen.where(Enrolment.entered_at >= since)


def _by_holdout(key: str) -> Any:
    """Those of whom the lot was drawn; the control group is on neither side, for nothing at all reached it."""
    drawn = (Exposure.playbook_key == key, Exposure.step_id == HOLDOUT)
    return (
        select(*_FIRST, Exposure.way == HELD_OUT)
        .join(Exposure, Exposure.enrolment_id == Enrolment.id)
        .where(*drawn, ~_in_control_group(HELD_OUT))
    )


def _by_control_group(key: str) -> Any:
    left_alone = Enrolment.end_reason == CONTROL_GROUP
    got_it = (Enrolment.state != "skipped") & _BY_ITSELF & _in_control_group(TREATED)
    return select(*_FIRST, left_alone.is_(True)).where(Enrolment.playbook_key == key, left_alone | got_it)


def _all(key: str) -> Any:
    mine = (Enrolment.playbook_key == key, Enrolment.state != "skipped", Enrolment.account_id.is_not(None))
    return select(*_FIRST, Enrolment.id.is_(None)).where(*mine, _BY_ITSELF)


def _in_control_group(way: str) -> Any:
    lot = aliased(Exposure)
    drawn = (lot.playbook_key == ALL_PLAYBOOKS, lot.step_id == CONTROL, lot.account_id == Enrolment.account_id)
    return exists().where(*drawn, lot.way == way, lot.at <= Enrolment.entered_at)
