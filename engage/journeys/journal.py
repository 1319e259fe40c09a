"""The journal: each decision as a row that an explanation is read from, with the inputs as they were then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, assert_never

from engage.journeys.decisions import (
    Chose,
    Decision,
    Ended,
    Ordered,
    Passed,
    Settled,
    TaskRaised,
    WaitEnded,
    Waiting,
)
from engage.language.spec import EmailStep

ENTRY = "@enter"
END = "@end"


def entry_row(enrolment_id: int, inputs: Mapping[str, Any], detail: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The row that says why a subject entered, or why it was skipped."""
    return _row(enrolment_id, ENTRY, 1, "entered", detail, inputs, now)


def rows_of(enrolment_id: int, decisions: Iterable[Decision], now: datetime) -> list[dict[str, Any]]:
    """The rows of one advance."""
    return [row for decision in decisions if (row := _row_of(enrolment_id, decision, now)) is not None]


def _row_of(enrolment_id: int, decision: Decision, now: datetime) -> dict[str, Any] | None:
    if isinstance(decision, Ended):
        # A run that simply came to its end says so in its own row.
        detail = {"state": decision.state, "reason": decision.reason}
        return None if decision.reason == "completed" else _row(
            enrolment_id, END, 1, "ended", detail, decision.inputs, now
        )  # fmt: skip
    word, detail, suffix = _told(decision)
    return _row(enrolment_id, decision.step_id + suffix, decision.visit, word, detail, decision.inputs, now)


def _told(
    decision: Passed | Ordered | Settled | Waiting | WaitEnded | Chose | TaskRaised,
) -> tuple[str, dict[str, Any], str]:
    """The decision's word, its details, and what tells its row from others of the same step."""
    match decision:
        case Passed():
            return "passed", {"reason": decision.reason}, ""
        case Ordered():
            return "ordered", _order(decision), ""
        case Settled():
            told: dict[str, Any] = {"outcome": decision.outcome, "reason": decision.reason, "again": decision.again}
            return "settled", told, ":settled"
        case Waiting():
            return "waiting", {"until": decision.until, "events": list(decision.events)}, ""
        case WaitEnded():
            return "wait_ended", {"happened": decision.happened, "event": decision.event}, ":ended"
        case Chose():
            return "chose", {"way": decision.way, "leads_to": decision.leads_to}, ""
        case TaskRaised():
            return "task", _work(decision), ""
        case _:
            assert_never(decision)


def _work(decision: TaskRaised) -> dict[str, Any]:
    return {
        "reason": decision.reason,
        "role": decision.role,
        "title": dict(decision.title),
        "due_at": decision.due_at,
    }


def _order(decision: Ordered) -> dict[str, Any]:
    approval = decision.approval
    return {
        "channel": "email" if isinstance(decision.step, EmailStep) else "in_app",
        "template": decision.step.template,
        "contact_id": decision.person.id,
        "sender": decision.sender,
        "cc": list(decision.cc),
        "approval": None if approval is None else {"by": approval.by, "within": str(approval.within)},
    }


def _row(
    enrolment_id: int,
    step_id: str,
    visit: int,
    decision: str,
    detail: Mapping[str, Any],
    inputs: Mapping[str, Any],
    now: datetime,
) -> dict[str, Any]:
    return {
        "enrolment_id": enrolment_id,
        "step_id": step_id,
        "visit": visit,
        "decided_at": now,
        "decision": decision,
        "detail": dict(detail),
        "inputs": dict(inputs),
    }
