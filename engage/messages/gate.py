"""The one gate: asks the policies about each message, keeps every answer, and does what they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.db.sets import among
from engage.messages.budgeting import Judged, within_budgets
from engage.messages.candidates import load_candidates
from engage.messages.news import tell
from engage.messages.policy.candidate import Candidate
from engage.messages.policy.consent import rested_on
from engage.messages.policy.order import judge, judge_copies
from engage.messages.policy.verdicts import Allow, Hold, Merge, Skip, Verdict
from engage.messages.tables import GateCheck, Message
from engage.releases.library import Library

_messages = Message.__table__.c
_TOLD = select(
    _messages.public_id,
    _messages.origin,
    _messages.origin_id,
    _messages.step_id,
    _messages.visit,
    _messages.contact_id,
    _messages.account_id,
    _messages.reason,
).where(among(_messages.id, "ids"))


class WithId(Protocol):
    """A message, or anything that carries its id."""

    @property
    def id(self) -> int: ...


def run_gate(
    session: Session,
    library: Library,
    messages: Sequence[WithId],
    *,
    phase: str,
    now: datetime,
) -> dict[int, Verdict]:
    """The verdict on each message, kept with its inputs; the messages themselves are not touched."""
    candidates = load_candidates(session, library, [message.id for message in messages], phase=phase, now=now)
    judged = judge_all(session, library, candidates, now=now)
    verdicts: dict[int, Verdict] = {}
    rows = []
    for candidate in candidates:
        policy, verdict = judged[candidate.message_id]
        row = _check_row(candidate, policy, verdict, now)
        if candidate.copies and isinstance(verdict, Allow):
            copies = judge_copies(candidate, now)
            verdict = Allow(tuple(copy.contact_id for copy, reason in copies if reason is None))
            row["inputs"]["copies"] = [
                {"contact": copy.contact, "left_out": reason} | _rested_on(copy) for copy, reason in copies
            ]
        verdicts[candidate.message_id] = verdict
        rows.append(row)
    insert_ignore(session, GateCheck, rows)
    return verdicts


def judge_all(
    session: Session, library: Library, candidates: Sequence[Candidate], *, now: datetime, holding: bool = True
) -> dict[int, Judged]:
    """The verdict on each, with the policy that gave it; budgets are shared among those that are to be sent."""
    judged = {candidate.message_id: judge(candidate, now) for candidate in candidates}
    going = [one for one in candidates if one.phase == "send" and isinstance(judged[one.message_id][1], Allow)]
    return judged | within_budgets(session, library, going, now=now, holding=holding)


def settle(session: Session, verdicts: Mapping[int, Verdict], *, now: datetime) -> None:
    """Messages told to wait stay queued for their time; skipped ones end, and whoever waits is told."""
    held: list[dict[str, Any]] = [
        {"id": message_id, "state": "queued", "due_at": verdict.until, "reason": verdict.said}
        for message_id, verdict in verdicts.items()
        if isinstance(verdict, Hold)
    ]
    skipped: list[dict[str, Any]] = [
        {"id": message_id, "state": "skipped", "due_at": None, "reason": verdict.said, "ended_at": now}
        for message_id, verdict in verdicts.items()
        if isinstance(verdict, Skip)
    ]
    if held:
        session.execute(update(Message), held)
    if skipped:
        session.execute(update(Message), skipped)
        tell(session, "skipped", rows_told(session, [row["id"] for row in skipped]), now=now)


def put_off(session: Session, verdicts: Mapping[int, Verdict]) -> set[int]:
    """Messages that nobody is asked about yet, as they may not go: made again and asked for when they may. Which."""
    held: list[dict[str, Any]] = [
        {"id": message_id, "state": "held", "due_at": verdict.until, "reason": verdict.said}
        for message_id, verdict in verdicts.items()
        if isinstance(verdict, Hold)
    ]
    if held:
        session.execute(update(Message), held)
    return {row["id"] for row in held}


def rows_told(session: Session, ids: Iterable[int]) -> Sequence[Any]:
    """The parts of messages that their events speak of."""
    return session.execute(_TOLD, {"ids": list(ids)}).all()


def _check_row(candidate: Candidate, policy: str | None, verdict: Verdict, now: datetime) -> dict[str, Any]:
    return {
        "message_id": candidate.message_id,
        "at": now,
        "phase": candidate.phase,
        "verdict": word_of(verdict),
        "policy": policy,
        "reason": None if isinstance(verdict, Allow) else verdict.said,
        "until": verdict.until if isinstance(verdict, Hold) else None,
        "inputs": candidate.inputs()
        | _rested_on(candidate)
        | ({} if isinstance(verdict, Allow) else dict(verdict.detail)),
    }


def _rested_on(candidate: Candidate) -> dict[str, Any]:
    found = rested_on(candidate)
    return {"rests_on": found} if found else {}


def word_of(verdict: Verdict) -> str:
    """What the kind of answer is called."""
    match verdict:
        case Allow():
            return "allow"
        case Hold():
            return "hold"
        case Skip():
            return "skip"
        case Merge():
            return "merge"
