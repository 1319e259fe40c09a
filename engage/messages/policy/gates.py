"""A gate that the team declared once holds or skips what it stops, for as long as it is closed for the customer."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from engage.calendars.zones import day_of, start_of
from engage.language.gates import ReadGate
from engage.messages.policy.candidate import Candidate
from engage.messages.policy.verdicts import Allow, Hold, Reason, Skip, Verdict


def check(candidate: Candidate, now: datetime) -> Verdict:
    """Skips where a closed gate says so, or has held for too long; else holds until the last of them may be open."""
    today = day_of(now, candidate.zone)
    closed = [_verdict(gate, candidate, today, now) for gate in candidate.gates if _is_closed(gate, candidate, today)]
    skips = [verdict for verdict in closed if isinstance(verdict, Skip)]
    holds = [verdict for verdict in closed if isinstance(verdict, Hold)]
    return skips[0] if skips else max(holds, key=lambda hold: hold.until, default=Allow())


def _is_closed(gate: ReadGate, candidate: Candidate, today: date) -> bool:
    if not gate.is_in_season(today):
        return False
    return gate.condition is None or gate.condition.holds(candidate.facts)


def _verdict(gate: ReadGate, candidate: Candidate, today: date, now: datetime) -> Hold | Skip:
    detail = {"gate": gate.name, "title": gate.gate.title.model_dump(), "facts": _seen(gate, candidate)}
    is_old = candidate.created_at + gate.gate.give_up_after.delta <= now
    if gate.gate.then == "skip" or is_old:
        return Skip(Reason.GATE_CLOSED, about=gate.name, detail=detail)
    return Hold(_looked_at(gate, candidate, now), Reason.GATE_CLOSED, about=gate.name, detail=detail)


def _looked_at(gate: ReadGate, candidate: Candidate, now: datetime) -> datetime:
    """When it may be open: after its last day, where nothing else closes it; else soon, as facts change any time."""
    again = now + gate.gate.look_again.delta
    if gate.gate.last is None:
        return again
    opens = start_of(gate.gate.last + timedelta(days=1), candidate.zone)
    return opens if gate.condition is None else min(again, opens)


def _seen(gate: ReadGate, candidate: Candidate) -> dict[str, object]:
    """The facts that its condition saw, as JSON keeps them."""
    clauses = gate.condition.clauses(candidate.facts) if gate.condition else []
    seen = {path: value for clause in clauses for path, value in clause.inputs.items()}
    return {path: value.isoformat() if isinstance(value, date) else value for path, value in seen.items()}
