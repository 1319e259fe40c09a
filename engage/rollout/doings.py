"""What some runs did, or would have done, in the words of a simulation: who entered, who gets what, and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from engage.customers.tables import Account, Contact
from engage.journeys.tables import Enrolment, StepRun, WouldHaveSent
from engage.messages.tables import Message
from engage.rollout.simulation import Told

# A message goes or does not go; where it stands on its way is no difference between two versions.
_FATE = {
    "held": "held", "would_hold": "held", "skipped": "does not go", "cancelled": "does not go",
    "rejected": "does not go", "would_skip": "does not go", "would_cancel": "does not go",
}  # fmt: skip
Runs = Sequence[ColumnElement[bool]]  # what chooses them
_WORKS = {"task": "task", "form": "form", "notified": "notice", "started": "start", "set": "set"}


def doings(session: Session, key: str, runs: Runs, *, until: datetime) -> Iterator[Told]:
    """Everything that the runs so chosen did until then, told under the playbook's own key; in no order."""
    yield from _entries(session, key, runs)
    yield from _messages(session, key, runs, until)
    yield from _works(session, key, runs, until)


def _entries(session: Session, key: str, runs: Runs) -> Iterator[Told]:
    chosen = select(Enrolment.entered_at, Enrolment.subject_kind, Enrolment.state, Enrolment.end_reason)
    for at, kind, state, reason, account, contact in session.execute(_with_names(chosen, Enrolment).where(*runs)):
        is_in = state != "skipped"
        yield Told(at, account or "", contact or "", key, kind, "run", "enters" if is_in else f"not begun: {reason}")


def _messages(session: Session, key: str, runs: Runs, until: datetime) -> Iterator[Told]:
    sent = select(Message.created_at, Message.template_name, Message.channel, Message.state, Message.reason)
    sent = sent.join_from(Message, Enrolment, Enrolment.id == Message.origin_id).where(Message.origin == "enrolment")
    sent = _with_names(sent, Message).where(Message.created_at <= until)
    table = WouldHaveSent
    would = select(table.decided_at, table.template_name, table.channel, table.outcome, table.reason)
    would = _with_names(would.join_from(table, Enrolment, Enrolment.id == table.enrolment_id), table)
    for query in (sent, would):
        for at, template, channel, state, reason, account, contact in session.execute(query.where(*runs)):
            fate = _FATE.get(state, "goes")
            why = "" if fate == "goes" else reason or ""
            yield Told(at, account or "", contact or "", key, template, channel, fate, why)


def _works(session: Session, key: str, runs: Runs, until: datetime) -> Iterator[Told]:
    done = select(StepRun.decided_at, StepRun.decision, StepRun.detail)
    done = done.join_from(StepRun, Enrolment, Enrolment.id == StepRun.enrolment_id)
    done = _with_names(done, Enrolment).where(StepRun.decision.in_(_WORKS), StepRun.decided_at <= until)
    for at, decision, detail, account, contact in session.execute(done.where(*runs)):
        yield Told(at, account or "", contact or "", key, _what(decision, detail), _WORKS[decision], "done")


def _what(decision: str, detail: dict[str, Any]) -> str:
    match decision:
        case "task":
            return str((detail.get("title") or {}).get("en") or detail.get("reason"))
        case "form":
            return ", ".join(detail.get("fields") or ())
        case "notified":
            return ", ".join(detail.get("to") or ())
        case "started":
            return str(detail.get("playbook"))
        case _:
            return ", ".join(f"{name} = {value}" for name, value in sorted((detail.get("facts") or {}).items()))


def _with_names(query: Any, table: Any) -> Any:
    """The same with the account and the contact as they are called outside."""
    query = query.add_columns(Account.external_id.label("account"), Contact.external_id.label("contact"))
    query = query.outerjoin(Account, Account.id == table.account_id)
    return query.outerjoin(Contact, Contact.id == table.contact_id)
