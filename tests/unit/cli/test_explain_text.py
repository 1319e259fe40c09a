"""The explanation as text: what waits says until when and why, what nothing keeps out says what is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from engage.cli.explain import lines_of

EVENING = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
MORNING = datetime(2026, 11, 24, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("channel", "hours", "state", "shown"),
    [
        ("email", "business", "queued", "queued until 2026-11-24 00:05 UTC, in business hours"),
        ("email", "any", "queued", "queued 2026-11-24 00:05 UTC"),
        ("in_app", "business", "queued", "queued 2026-11-24 00:05 UTC"),
        ("email", "business", "proposed", "proposed 2026-11-24 00:05 UTC"),
    ],
)
def test_a_mail_that_waits_for_business_hours_says_so(channel: str, hours: str, state: str, shown: str) -> None:
    assert f": {shown}  msg_1" in _text(runs=[_run(channel=channel, hours=hours, state=state)])


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ([], "not judged yet"),
        ([("machine", ["burst", "program"])], "machine (burst, program)"),
        ([("unsure", ["busy_office"]), ("human", ["answered"])], "unsure (busy_office), then human (answered)"),
    ],
)
def test_a_click_says_who_it_was_and_why_we_think_so(verdicts: list[tuple[str, list[str]]], told: str) -> None:
    judged = [{"verdict": verdict, "reasons": reasons, "at": EVENING} for verdict, reasons in verdicts]
    text = _text(
        runs=[_run(channel="email", clicks=[{"at": EVENING, "url": "https://x.example/", "verdicts": judged}])]
    )

    assert f"click 2026-11-20 09:30 UTC on https://x.example/: {told}" in text


@pytest.mark.parametrize(("holds", "told"), [([], True), ([True, True], True), ([True, False], False)])
def test_a_playbook_that_nothing_keeps_out_waits_for_its_trigger(holds: list[bool], told: bool) -> None:
    clauses = [{"text": "account.is_test == false", "holds": one, "inputs": {}} for one in holds]
    assert ("its trigger has not come" in _text(not_entered=[_outside(clauses)])) == told


@pytest.mark.parametrize(
    ("inputs", "shown"),
    [({"account.seats": 3}, "[account.seats=3]"), ({"account.seats": None}, "[account.seats=missing]")],
)
def test_a_clause_is_told_with_its_value_also_where_that_is_missing(inputs: dict[str, Any], shown: str) -> None:
    clause = {"text": "account.seats > 5", "holds": False, "inputs": inputs}
    assert f"no   account.seats > 5  {shown}" in _text(not_entered=[_outside([clause])])


def _outside(clauses: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "playbook": "tale", "version": 1, "trigger": "event box.ticked", "paused": None, "as_of": EVENING,
        "subjects": [{"kind": "account", "name": "Acme", "clauses": clauses}],
    }  # fmt: skip


def _text(*, runs: list[dict[str, Any]] | None = None, not_entered: list[dict[str, Any]] | None = None) -> str:
    account = {"id": "acme", "name": "Acme"}
    return "\n".join(lines_of({"account": account, "runs": runs or [], "not_entered": not_entered or []}))


def _run(**message: Any) -> dict[str, Any]:
    sent = {
        "id": "msg_1", "template": "tale/hello", "to": "ann@customer.example", "reason": None, "accepted_at": None,
        "due_at": MORNING, "hours": "any", "state": "queued", "gate": [], "approval": None, "clicks": [],
        **message,
    }  # fmt: skip
    step = {
        "at": EVENING, "step": "hello", "visit": 1, "decision": "ordered", "detail": {}, "inputs": {},
        "messages": [sent],
    }  # fmt: skip
    return {
        "playbook": "tale", "version": 1, "subject": {"kind": "account", "name": "Acme"}, "state": "running",
        "reason": None, "decisions": [step], "paused": None, "waits_for": None,
    }  # fmt: skip
