"""Facts that a run notes, as the events that any other source would have told them by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from engage.events.recording import NewEvent
from engage.journeys.decisions import FactsSet
from engage.journeys.runs import Run
from engage.keys import fact_event


def fact_events(noted: Iterable[tuple[Run, FactsSet, Mapping[str, Any]]], *, now: datetime) -> Iterator[NewEvent]:
    """An event for each account, contact or contract that facts were noted of; its projection writes them."""
    for run, decision, facts in noted:
        groups: dict[str, dict[str, Any]] = {}
        for path, value in decision.values.items():
            group, _, name = path.partition(".")
            groups.setdefault(group, {})[name] = value
        for group, values in groups.items():
            owner = (facts.get(group) or {}).get("external_id")
            if owner:
                yield _event(run, decision, group, owner, values, facts, now)


def _event(
    run: Run,
    decision: FactsSet,
    group: str,
    owner: str,
    values: dict[str, Any],
    facts: Mapping[str, Any],
    now: datetime,
) -> NewEvent:
    account = facts["account"]["external_id"]
    said: dict[str, dict[str, Any]] = {
        "account": {"type": "group", "name": "group", "group_id": account, "properties": values},
        "contact": {"type": "identify", "name": "identify", "user_id": owner, "properties": values},
        "contract": {"name": "contract.updated", "group_id": account, "properties": {**values, "contract_id": owner}},
    }
    key = fact_event(run.id, decision.step_id, decision.visit, group)
    # No account id: the event takes the way of any that comes from outside, through resolving.
    return NewEvent(key=key, occurred_at=now, received_at=now, account_id=None, **said[group])
