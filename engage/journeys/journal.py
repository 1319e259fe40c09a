"""The journal: each decision as a row that an explanation is read from, with the inputs as they were then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, assert_never

from engage.journeys.decisions import (
    Assigned,
    AtStep,
    Chose,
    Decision,
    Ended,
    FactsSet,
    FormAsked,
    Notified,
    Ordered,
    Passed,
    Repeated,
    Settled,
    Started,
    TaskRaised,
    WaitEnded,
    Waiting,
)
from engage.language.spec import EmailStep
from engage.messages.orders import ApprovalRule

ENTRY = "@enter"
END = "@end"
RESUME = "@resume"
MIGRATE = "@migrate"
PATCH = "@patch"


def entry_row(enrolment_id: int, inputs: Mapping[str, Any], detail: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The row that says why a subject entered, or why it was skipped."""
    return _row(enrolment_id, ENTRY, 1, "entered", detail, inputs, now)


def resume_row(enrolment_id: int, word: str, detail: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The row of a run that had not begun when its playbook was paused: it enters at the resume, or why not."""
    return _row(enrolment_id, RESUME, 1, word, detail, {}, now)


def moved_row(enrolment_id: int, time: int, detail: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The row of a run that was given another version of its playbook, the first time, the second, …"""
    return _row(enrolment_id, MIGRATE, time, "migrated", detail, {}, now)


def rows_of(enrolment_id: int, decisions: Iterable[Decision], now: datetime) -> list[dict[str, Any]]:
    """The rows of one advance."""
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for decision in decisions:
        row = _row_of(enrolment_id, decision, now)
        if row is None:
            continue
        first = rows.setdefault((row["step_id"], row["visit"]), row)
        if first is not row and isinstance(decision, Ordered):
            first["detail"].setdefault("also", []).append(_person(decision))
    return list(rows.values())


def _row_of(enrolment_id: int, decision: Decision, now: datetime) -> dict[str, Any] | None:
    if isinstance(decision, Ended):
        # A run that simply came to its end says so in its own row.
        detail = {"state": decision.state, "reason": decision.reason}
        return None if decision.reason == "completed" else _row(
            enrolment_id, END, 1, "ended", detail, decision.inputs, now
        )  # fmt: skip
    word, detail, suffix = _told(decision)
    return _row(enrolment_id, decision.step_id + suffix, decision.visit, word, detail, decision.inputs, now)


def _told(decision: AtStep) -> tuple[str, dict[str, Any], str]:
    """The decision's word, its details, and what tells its row from others of the same step."""
    match decision:
        case Passed():
            return "passed", {"reason": decision.reason}, ""
        case Ordered():
            return "ordered", _order(decision), ""
        case Settled():
            told: dict[str, Any] = {"outcome": decision.outcome, "reason": decision.reason, "again": decision.again}
            told |= {"each": [dict(one) for one in decision.each]} if decision.each else {}
            return "settled", told, ":settled"
        case Waiting():
            return "waiting", {"until": decision.until, "events": list(decision.events)}, ""
        case WaitEnded():
            return "wait_ended", {"happened": decision.happened, "event": decision.event}, ":ended"
        case Chose():
            return "chose", {"way": decision.way, "leads_to": decision.leads_to}, ""
        case Assigned():
            return "assigned", {"way": decision.way, "share": decision.share, "leads_to": decision.leads_to}, ""
        case Repeated():
            told = {"reason": decision.reason, "leads_to": decision.leads_to}
            return "repeated", told, ":round" if decision.reason == "round" else ":over"
        case FactsSet():
            return "set", {"facts": dict(decision.values)}, ""
        case Started():
            return "started", {"playbook": decision.playbook}, ""
        case FormAsked():
            fields = [field["name"] for field in decision.fields]
            return "form", {"role": decision.role, "fields": fields, "until": decision.until}, ""
        case Notified():
            to = [f"{kind} {target}" for kind, target in decision.targets]
            return "notified", {"to": to, "facts": dict(decision.facts)}, ""
        case TaskRaised():
            return "task", _work(decision), ""
        case _:
            assert_never(decision)


def _person(decision: Ordered) -> dict[str, Any]:
    return {"template": decision.template, "contact_id": decision.person.id}


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
        **_person(decision),
        "sender": decision.sender,
        "cc": list(decision.cc),
        "approval": None if approval is None else _asked_of(approval),
    }


def _asked_of(approval: ApprovalRule) -> dict[str, Any]:
    standing = {} if approval.good_standing is None else {"good_standing": approval.good_standing}
    return {"by": approval.by, "within": str(approval.within)} | standing


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
