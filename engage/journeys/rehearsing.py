"""What a shadow's messages would have become: made and judged like any other, written down, and unmade again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.db.sets import one_of
from engage.journeys.decisions import RunState
from engage.journeys.runs import Run
from engage.journeys.shadows import shadow_id_of, shadowed
from engage.journeys.tables import WouldHaveSent
from engage.messages.drafting import draft
from engage.messages.orders import MessageOrder
from engage.messages.tables import Message
from engage.releases.library import Library

OUTCOMES = {"queued": "would_send", "proposed": "would_ask", "held": "would_hold", "skipped": "would_skip"}
_GOES = ("would_send", "would_ask")
_COLUMNS = (
    Message.origin_id, Message.step_id, Message.visit, Message.contact_id, Message.account_id, Message.channel,
    Message.template_name, Message.locale, Message.state, Message.reason, Message.due_at,
)  # fmt: skip

States = list[tuple[Run, RunState]]


def rehearse(
    session: Session, library: Library, orders: Sequence[MessageOrder], states: States, *, now: datetime
) -> States:
    """Writes down what these orders would send; the runs that wait for it learn at once that it went when it would.

    Colleagues are taken to agree at once. What would be held stays held: its run waits.
    """
    if not orders:
        return states
    rows = [_row(order, found, now) for order, found in _drafted(session, library, orders, now)]
    insert_ignore(session, WouldHaveSent, rows)
    by_run: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_run[row["enrolment_id"]].append(row)
    return [(run, _as_if_sent(state, by_run.get(run.id, ()), now)) for run, state in states]


def take_back(session: Session, ids: Sequence[int], *, reason: str, now: datetime) -> None:
    """What these runs, which have ended early, would not have sent any more."""
    later = (one_of(WouldHaveSent.enrolment_id, ids), WouldHaveSent.leaves_at > now, WouldHaveSent.outcome.in_(_GOES))
    gone = {"outcome": "would_cancel", "reason": reason}
    session.connection().execute(update(WouldHaveSent).where(*later).values(gone))


def _drafted(
    session: Session, library: Library, orders: Sequence[MessageOrder], now: datetime
) -> list[tuple[MessageOrder, Any]]:
    """Each order with the message that it makes, by the very code that makes messages; nothing of it stays."""
    attempt = session.begin_nested()
    try:
        named = [replace(order, playbook_key=shadowed(order.playbook_key or "")) for order in orders]
        ids = draft(session, library, named, now=now)
        made = session.execute(select(*_COLUMNS).where(one_of(Message.id, ids))).all()
    finally:
        attempt.rollback()
    found = {(row.origin_id, row.step_id, row.visit, row.contact_id): row for row in made}
    keyed = [(order, (order.origin_id, order.step_id, order.visit, order.contact_id)) for order in orders]
    return [(order, found[key]) for order, key in keyed if key in found]


def _row(order: MessageOrder, made: Any, now: datetime) -> dict[str, Any]:
    return {
        "shadow_id": shadow_id_of(order.playbook_key or ""),
        "enrolment_id": made.origin_id,
        "step_id": made.step_id,
        "visit": made.visit,
        "contact_id": made.contact_id,
        "account_id": made.account_id,
        "channel": made.channel,
        "template_name": made.template_name,
        "locale": made.locale,
        "outcome": OUTCOMES.get(made.state, "would_skip"),
        "reason": made.reason,
        "decided_at": now,
        "leaves_at": made.due_at if made.state in ("queued", "proposed") else None,
    }


def _as_if_sent(state: RunState, rows: Sequence[Mapping[str, Any]], now: datetime) -> RunState:
    wait = state.memory.get("wait") or {}
    settled = [row for row in rows if row["outcome"] != "would_hold" and row["step_id"] == wait.get("step")]
    if wait.get("kind") != "message" or not settled:
        return state
    last = max(row["leaves_at"] or now for row in settled)
    return replace(state, memory={**state.memory, "signals": [_signal(row, now) for row in settled]}, due_at=last)


def _signal(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "purpose": "message",
        "step": row["step_id"],
        "visit": row["visit"],
        "outcome": "accepted" if row["outcome"] in _GOES else "skipped",
        "reason": row["reason"],
        "message": f"shadow:{row['enrolment_id']}:{row['step_id']}:{row['visit']}:{row['contact_id']}",
        "contact": row["contact_id"],
        "at": (row["leaves_at"] or now).isoformat(),
    }
