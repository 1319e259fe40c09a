"""Why each message of an account went, waits or did not go: read from the journal, never recomputed.

Only for playbooks that the account did not enter is something reckoned now, and it says so: `as_of`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.facts import EVERYTHING, Subject, read_for
from engage.customers.finding import find_account
from engage.customers.tables import Account, Contact, Contract, Membership
from engage.db.base import Base
from engage.journeys.knowing import know
from engage.journeys.shadows import is_heard
from engage.journeys.subject_names import subject_names
from engage.journeys.tables import Enrolment, StepRun
from engage.language.spec import (
    AbsentTrigger,
    BecomesTrigger,
    DateTrigger,
    EventTrigger,
    EveryTrigger,
    ManualTrigger,
    OnceTrigger,
    Playbook,
)
from engage.messages.ledger_views import clicks_of
from engage.messages.tables import Approval, GateCheck, Message
from engage.releases.library import Library, LivePlaybook
from engage.releases.pauses import Pause, pauses

MOST_CONTACTS = 20


def explain_account(session: Session, library: Library, account_id: str, *, now: datetime) -> dict[str, Any]:
    """Every decision about one account (by its external or public id) with the inputs of that time, as plain data."""
    account = find_account(session, account_id)
    enrolments = session.scalars(
        select(Enrolment)
        .where(Enrolment.account_id == account.id, is_heard())
        .order_by(Enrolment.entered_at, Enrolment.id)
    ).all()
    paused = pauses(session)
    entered = {enrolment.playbook_key for enrolment in enrolments}
    absent = [live for live in library.live(session) if live.key not in entered]
    return {
        "account": {"id": account.external_id, "name": account.name, "phase": account.phase},
        "runs": [_with_pause(run, paused) for run in _runs(session, library, enrolments)],
        "not_entered": [_with_pause(one, paused) for one in _not_entered(session, library, account, absent, now=now)],
        "as_of": now,
    }


def _with_pause(told: dict[str, Any], paused: Mapping[str, Pause]) -> dict[str, Any]:
    """The same, with the pause that holds it now."""
    pause = paused.get(told["playbook"]) if told.get("state", "running") == "running" else None
    return {**told, "paused": pause.as_json() if pause else None}


def _runs(session: Session, library: Library, enrolments: Sequence[Enrolment]) -> list[dict[str, Any]]:
    ids = [enrolment.id for enrolment in enrolments]
    journal: dict[int, list[StepRun]] = defaultdict(list)
    for row in session.scalars(select(StepRun).where(StepRun.enrolment_id.in_(ids)).order_by(StepRun.id)):
        journal[row.enrolment_id].append(row)
    messages = _messages(session, ids)
    names = subject_names(session, [(one.subject_kind, one.subject_id) for one in enrolments])
    return [
        _run(enrolment, library.playbook(session, enrolment.playbook_version_id), journal, messages, names)
        for enrolment in enrolments
    ]


def _run(
    enrolment: Enrolment,
    live: LivePlaybook,
    journal: Mapping[int, Sequence[StepRun]],
    messages: Mapping[tuple[int, str, int], Sequence[dict[str, Any]]],
    names: Mapping[tuple[str, int], str],
) -> dict[str, Any]:
    return {
        "run": enrolment.public_id,
        "playbook": enrolment.playbook_key,
        "title": live.playbook.title.model_dump(),
        "version": live.version,
        "subject": {
            "kind": enrolment.subject_kind,
            "name": names.get((enrolment.subject_kind, enrolment.subject_id), ""),
        },
        "occurrence": enrolment.occurrence,
        "state": enrolment.state,
        "reason": enrolment.end_reason,
        "entered_at": enrolment.entered_at,
        "ended_at": enrolment.ended_at,
        "stands_at": enrolment.step_id if enrolment.state == "running" else None,
        "waits_for": _waits_for(enrolment),
        "decisions": [
            {
                "at": row.decided_at,
                "step": row.step_id,
                "visit": row.visit,
                "decision": row.decision,
                "detail": row.detail,
                "inputs": row.inputs,
                "messages": messages.get((enrolment.id, row.step_id, row.visit), []),
            }
            for row in journal.get(enrolment.id, ())
        ],
    }


def _waits_for(enrolment: Enrolment) -> dict[str, Any] | None:
    wait = enrolment.memory.get("wait") if enrolment.state == "running" else None
    if not wait:
        return None
    if wait["kind"] == "message":
        return {"message_of": wait["step"]}
    return {"until": wait["until"], "events": wait["events"]}


def _messages(session: Session, ids: Sequence[int]) -> dict[tuple[int, str, int], list[dict[str, Any]]]:
    rows = session.execute(
        select(Message, Contact.email, Contact.external_id)
        .join(Contact, Contact.id == Message.contact_id)
        .where(Message.origin == "enrolment", Message.origin_id.in_(ids))
        .order_by(Message.id)
    ).all()
    message_ids = [message.id for message, _, _ in rows]
    gate = _by_message(
        session.scalars(select(GateCheck).where(GateCheck.message_id.in_(message_ids)).order_by(GateCheck.id))
    )
    asked = _by_message(session.scalars(select(Approval).where(Approval.message_id.in_(message_ids))))
    clicks = clicks_of(session, message_ids)
    found: dict[tuple[int, str, int], list[dict[str, Any]]] = defaultdict(list)
    for message, email, external_id in rows:
        told = _message(message, message.address or email or external_id)
        told["gate"] = [_gate_check(check) for check in gate.get(message.id, ())]
        told["approval"] = next((_approval(one) for one in asked.get(message.id, ())), None)
        told["clicks"] = clicks.get(message.id, [])
        found[message.origin_id, message.step_id, message.visit].append(told)
    return found


def _by_message(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.message_id].append(row)
    return found


def _message(message: Message, to: str | None) -> dict[str, Any]:
    return {
        "id": message.public_id,
        "to": to,
        "channel": message.channel,
        "template": message.template_name,
        **_columns(message, "locale", "topic", "hours", "state", "reason", "delivery", "due_at", "accepted_at"),
    }


def _gate_check(check: GateCheck) -> dict[str, Any]:
    return _columns(check, "at", "phase", "verdict", "policy", "reason", "until", "inputs")


def _approval(approval: Approval) -> dict[str, Any]:
    told = _columns(approval, "cause", "state", "asked_at", "expires_at", "decided_at", "reason")
    return {"id": approval.public_id, **told}


def _columns(row: Base, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


# -- what was not entered, as of now


def _not_entered(
    session: Session, library: Library, account: Account, absent: Sequence[LivePlaybook], *, now: datetime
) -> list[dict[str, Any]]:
    subjects = _subjects(session, account, {live.playbook.subject for live in absent})
    every = [subject for found in subjects.values() for subject, _ in found]
    asked = {name for live in absent if live.playbook.audience for name in live.playbook.audience.names}
    facts = know(session, library, every, now=now, reading=EVERYTHING | read_for(asked)) if every else {}
    return [
        {
            "playbook": live.key,
            "title": live.playbook.title.model_dump(),
            "version": live.version,
            "trigger": told_trigger(live.playbook),
            "as_of": now,
            "subjects": [
                {"kind": subject.kind, "name": name, "clauses": _clauses(live.playbook, facts.get(subject, {}))}
                for subject, name in subjects[live.playbook.subject]
            ],
        }
        for live in absent
    ]


def _clauses(playbook: Playbook, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    clauses = playbook.audience.clauses(facts) if playbook.audience is not None else []
    return [{"text": clause.text, "holds": clause.value, "inputs": dict(clause.inputs)} for clause in clauses]


def told_trigger(playbook: Playbook) -> str:
    """The trigger in the author's words."""
    match playbook.trigger:
        case EventTrigger() as trigger:
            return f"event {trigger.event}" + (f" if {trigger.if_}" if trigger.if_ else "")
        case DateTrigger() as trigger:
            word, span = ("latest", trigger.latest) if trigger.latest else ("offset", trigger.offset)
            return f"date {trigger.date}" + (f", {word} {span}" if span else "")
        case EveryTrigger() as trigger:
            return f"every {trigger.every} from {trigger.anchor}"
        case ManualTrigger():
            return "manual"
        case OnceTrigger() as trigger:
            return f"once {trigger.once}" + (", asked ahead" if trigger.ask_ahead else "")
        case BecomesTrigger() as trigger:
            return f"becomes {trigger.becomes}" + (f" for {trigger.for_}" if trigger.for_ else "")
        case AbsentTrigger() as trigger:
            return f"no {trigger.absent} within {trigger.within} since {trigger.since}"


def _subjects(session: Session, account: Account, kinds: set[str]) -> dict[str, list[tuple[Subject, str]]]:
    found: dict[str, list[tuple[Subject, str]]] = {}
    if "account" in kinds:
        found["account"] = [(Subject("account", account.id, account.id, None, None), account.name)]
    if "contract" in kinds:
        contracts = session.execute(
            select(Contract.id, Contract.external_id).where(Contract.account_id == account.id).order_by(Contract.id)
        )
        found["contract"] = [(Subject("contract", id_, account.id, None, id_), name) for id_, name in contracts]
    if "contact" in kinds:
        people = session.execute(
            select(Contact.id, Contact.email, Contact.external_id)
            .join(Membership, Membership.contact_id == Contact.id)
            .where(Membership.account_id == account.id, Membership.until.is_(None))
            .order_by(Contact.id)
            .limit(MOST_CONTACTS)
        )
        found["contact"] = [
            (Subject("contact", id_, account.id, id_, None), email or external_id or "")
            for id_, email, external_id in people
        ]
    return found
