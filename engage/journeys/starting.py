"""One playbook begins another: told as an event, so that the digest alone lets subjects in, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from engage.events.recording import NewEvent
from engage.journeys.decisions import Started
from engage.journeys.runs import Run
from engage.keys import start_event
from engage.language.vocabulary import PLAYBOOK_STARTED


def start_events(started: Iterable[tuple[Run, Started, Mapping[str, Any]]], *, now: datetime) -> Iterator[NewEvent]:
    """An event for each playbook that a run starts, once for each visit of the step."""
    for run, decision, facts in started:
        properties: dict[str, Any] = {
            "playbook": decision.playbook,
            "started_by": {"playbook": run.playbook_key, "step": decision.step_id},
        }
        if run.subject.kind == "contract":
            properties["contract_id"] = (facts.get("contract") or {}).get("external_id")
        yield NewEvent(
            key=start_event(run.id, decision.step_id, decision.visit),
            name=PLAYBOOK_STARTED,
            occurred_at=now,
            received_at=now,
            account_id=run.subject.account_id,
            contact_id=run.subject.contact_id,
            properties=properties,
        )
