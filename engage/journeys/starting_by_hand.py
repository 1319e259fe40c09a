"""A person puts a customer into a playbook: an event row first, so that a replay knows of it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engage.customers.facts import Subject, read_for
from engage.customers.finding import find_account
from engage.customers.tables import Account, Contact, Contract, Membership
from engage.errors import ConflictError, InputError, NotFoundError
from engage.events.recording import NewEvent, record
from engage.events.tables import SOURCE_STAFF
from engage.ids import new_id
from engage.journeys.knowing import know
from engage.journeys.tables import Enrolment
from engage.language.guessing import way_out
from engage.language.spec import ManualTrigger
from engage.language.vocabulary import PLAYBOOK_STARTED
from engage.releases.library import Library, LivePlaybook
from engage.staff.audit import record as note_deed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who is to enter which playbook, named as outside; whose wish it is and why."""

    playbook: str
    account: str
    by: str
    contact: str | None = None
    contract: str | None = None
    reason: str | None = None


def start_by_hand(session: Session, library: Library, wish: Wish, *, now: datetime) -> str:
    """Notes the wish for the next digest, which enrols; refuses what would not enter. The subject's name."""
    live = _playbook(session, library, wish.playbook)
    subject, name = _subject(session, live, wish)
    account = session.get_one(Account, subject.account_id).external_id
    contact = session.get_one(Contact, subject.contact_id).external_id if subject.contact_id else None
    is_nameless = subject.contact_id is not None and contact is None
    _refuse_unsuitable(session, library, live, subject, now=now)
    properties = {"playbook": live.key, "by": wish.by, "reason": wish.reason, "contract_id": wish.contract}
    event = NewEvent(
        key=new_id("start"),
        name=PLAYBOOK_STARTED,
        occurred_at=now,
        received_at=now,
        # Resolved like what any source tells, so that a replay resolves it, too.
        account_id=subject.account_id if is_nameless else None,
        contact_id=subject.contact_id if is_nameless else None,
        group_id=account,
        user_id=contact,
        properties={key: value for key, value in properties.items() if value},
    )
    record(session, [event], source_id=SOURCE_STAFF)
    detail = {"account": wish.account, "reason": wish.reason}
    note_deed(
        session,
        actor=wish.by,
        action="playbooks.start",
        object_kind="playbook",
        object_id=live.key,
        detail=detail,
        now=now,
    )
    return name


def _playbook(session: Session, library: Library, key: str) -> LivePlaybook:
    live = {each.key: each for each in library.live(session)}
    if key not in live:
        raise NotFoundError(f"No playbook {key} is live.", hint=way_out(key, live))
    if not isinstance(live[key].playbook.trigger, ManualTrigger):
        hint = "only playbooks with `trigger: manual` are started by hand"
        raise InputError(f"The playbook {key} starts by itself.", hint=hint)
    return live[key]


def _subject(session: Session, live: LivePlaybook, wish: Wish) -> tuple[Subject, str]:
    account = find_account(session, wish.account)
    match live.playbook.subject:
        case "contact":
            contact = _contact(session, account.id, wish.contact)
            return Subject("contact", contact.id, account.id, contact.id, None), contact.email or wish.account
        case "contract":
            contract = _contract(session, account.id, wish.contract)
            return Subject("contract", contract.id, account.id, None, contract.id), contract.external_id
        case _:
            return Subject("account", account.id, account.id, None, None), account.name or account.external_id


def _contact(session: Session, account_id: int, named: str | None) -> Contact:
    if named is None:
        raise InputError("This playbook runs per contact.", hint="say which: --contact")
    chosen = select(Contact).join(Membership, Membership.contact_id == Contact.id)
    here = (Membership.account_id == account_id, Membership.until.is_(None))
    contact = session.scalar(chosen.where(*here, or_(Contact.external_id == named, Contact.email == named)))
    if contact is None:
        raise NotFoundError(f"There is no contact {named} at this account.")
    return contact


def _contract(session: Session, account_id: int, named: str | None) -> Contract:
    if named is None:
        raise InputError("This playbook runs per contract.", hint="say which: --contract")
    contract = session.scalar(select(Contract).where(Contract.account_id == account_id, Contract.external_id == named))
    if contract is None:
        raise NotFoundError(f"There is no contract {named} at this account.")
    return contract


def _refuse_unsuitable(
    session: Session, library: Library, live: LivePlaybook, subject: Subject, *, now: datetime
) -> None:
    audience = live.playbook.audience
    known = know(session, library, [subject], now=now, reading=read_for(audience.names if audience else ()))
    facts: Mapping[str, Any] = known.get(subject, {})
    if (facts.get("account") or {}).get("is_test"):
        raise InputError("A test account enters no playbook.")
    if audience is not None and not audience.holds(facts):
        failing = [clause.text for clause in audience.clauses(facts) if not clause.value]
        raise InputError("The playbook's audience leaves this customer out.", where=live.key, hint="; ".join(failing))
    _refuse_twice(session, live, subject)


def _refuse_twice(session: Session, live: LivePlaybook, subject: Subject) -> None:
    mine = (
        Enrolment.playbook_key == live.key,
        Enrolment.subject_kind == subject.kind,
        Enrolment.subject_id == subject.id,
    )
    states = session.scalars(select(Enrolment.state).where(*mine, Enrolment.state != "skipped")).all()
    if "running" in states:
        raise ConflictError(f"{live.key} is running for this customer already.")
    if states and live.playbook.reentry.rule == "once":
        raise ConflictError(f"{live.key} runs once for each {subject.kind}, and has.")
