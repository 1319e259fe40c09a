"""News that runs have for our own side, as the rows that leave by mail, Slack or webhook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from engage.journeys.decisions import Notified
from engage.journeys.runs import Run
from engage.keys import notice_of_step
from engage.notices.raising import NewNotice

Noted = tuple[Run, Notified, Mapping[str, Any]]


def notices_of(noted: Iterable[Noted], *, now: datetime) -> Iterator[NewNotice]:
    """A notice for each colleague, channel or system that a step tells."""
    for run, decision, facts in noted:
        for kind, target in decision.targets:
            content = _payload(run, decision, facts, now) if kind == "webhook" else _words(decision, facts)
            yield NewNotice(
                key=notice_of_step(run.id, decision.step_id, decision.visit, f"{kind}:{target}"),
                kind=kind,
                target=target,
                account_id=run.subject.account_id,
                playbook_key=run.playbook_key,
                content=content,
            )


def _words(decision: Notified, facts: Mapping[str, Any]) -> dict[str, Any]:
    account = facts.get("account") or {}
    about = {"id": account.get("external_id"), "name": account.get("name") or ""}
    facts_in_order = [[name, value] for name, value in decision.facts.items()]
    return {"title": dict(decision.title), "text": dict(decision.text), "facts": facts_in_order, "account": about}


def _payload(run: Run, decision: Notified, facts: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What a webhook says, in the shape that Standard Webhooks recommend."""
    owners = {name: (facts.get(name) or {}).get("external_id") for name in ("account", "contact", "contract")}
    data = {"playbook": run.playbook_key, "step": decision.step_id, "visit": decision.visit, **owners}
    return {"type": "playbook.step", "timestamp": now.isoformat(), "data": {**data, "facts": dict(decision.facts)}}
