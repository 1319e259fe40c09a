"""Messages that lacked a fact: looked at again every day, a task for a person after three, given up after fourteen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engage.customers.facts import Subject, load_facts
from engage.customers.tables import Contact
from engage.db.session import nudge
from engage.keys import task_of_message
from engage.messages.asking import RULE, Ask, ask, consents_given, executive_to_ask, rule_of
from engage.messages.cancelling import cancel_messages
from engage.messages.composing import FACTS_MISSING, RENDER_FAILED, Composer, inputs_of, salutation_of, why_held
from engage.messages.contexts import find
from engage.messages.tables import Message
from engage.releases.library import Library
from engage.staff.tables import StaffMember
from engage.tasks.raising import NewTask, raise_tasks

EVERY = timedelta(days=1)
TASK_AFTER = timedelta(days=3)
GIVE_UP_AFTER = timedelta(days=14)


def recheck_held(session: Session, library: Library, *, now: datetime, limit: int = 200) -> int:
    """Moves messages on whose facts have come; the others stay held one more day. Says how many it looked at."""
    due = select(Message).where(
        Message.state == "held",
        Message.due_at <= now,
        or_(Message.reason.startswith(FACTS_MISSING), Message.reason.startswith(RENDER_FAILED)),
    )
    due = due.order_by(Message.due_at, Message.id).limit(limit)
    messages = session.scalars(due.with_for_update(skip_locked=True)).all()
    if not messages:
        return 0
    fresh = load_facts(session, library, [_subject(message) for message in messages], now=now)
    composer = Composer(library.vocabulary(session))
    for message in messages:
        _recheck(session, library, composer, message, fresh.get(_subject(message), {}), now)
    session.flush()
    _ask_people(session, messages, now)
    return len(messages)


def _recheck(
    session: Session, library: Library, composer: Composer, message: Message, fresh: Mapping[str, Any], now: datetime
) -> None:
    template = library.template(session, message.template_version_id)
    sender = session.get(StaffMember, message.sender_staff_id) if message.sender_staff_id else None
    facts = _merged(message, fresh)
    said = composer.facts_in(message.locale, facts, sender=sender, topic=message.topic)
    said |= salutation_of(
        session.get_one(Contact, message.contact_id), find(facts, ("account", "name")), message.locale
    )
    inputs = inputs_of(template, said)
    held = why_held(template, inputs, purpose=message.purpose, render=True)
    if held:
        message.reason, message.due_at = held, now + EVERY
        return
    rule = rule_of(message.inputs)
    consents = consents_given(session, [sender.id] if sender else [])
    executive = executive_to_ask(message.channel, sender, template, consents)
    message.sha = None
    message.inputs = inputs | ({RULE: message.inputs[RULE]} if rule else {})
    message.reason, message.state = None, "proposed" if rule or executive else "queued"
    message.due_at = composer.departure(now, facts, channel=message.channel, hours=message.hours, key=message.public_id)
    if message.state == "queued":
        nudge(session, "deliver")
        return
    country = find(facts, ("account", "country"))
    asked = Ask(
        message_id=message.id, account_id=message.account_id, country=country, rule=rule, executive_id=executive
    )
    ask(session, [asked], now=now)


def _ask_people(session: Session, messages: Sequence[Message], now: datetime) -> None:
    """After three days a colleague is asked for the facts; after fourteen the message is taken back."""
    waiting = [message for message in messages if message.state == "held"]
    late = [message for message in waiting if message.created_at + TASK_AFTER <= now]
    raise_tasks(session, [_task(message, now) for message in late], now=now)
    for message in late:
        if message.created_at + GIVE_UP_AFTER <= now:
            cancel_messages(session, [message.id], reason=message.reason or FACTS_MISSING, now=now)


def _task(message: Message, now: datetime) -> NewTask:
    lacking = (message.reason or "").partition(": ")[2]
    name = message.template_name
    return NewTask(
        key=task_of_message(message.id, FACTS_MISSING),
        account_id=message.account_id,
        contact_id=message.contact_id,
        playbook_key=message.playbook_key,
        title={
            "ja": f"「{name}」を送るための情報を補ってください",
            "en": f"Fill in what is missing for “{name}”",
        },
        note={"ja": f"不足している情報: {lacking}", "en": f"Missing: {lacking}"},
        reason=FACTS_MISSING,
        due_at=now + EVERY,
    )


def _subject(message: Message) -> Subject:
    kind, key = ("contract", message.contract_id) if message.contract_id else ("account", message.account_id)
    return Subject(
        kind=kind,
        id=key or 0,
        account_id=message.account_id,
        contact_id=message.contact_id,
        contract_id=message.contract_id,
    )


def _merged(message: Message, fresh: Mapping[str, Any]) -> dict[str, Any]:
    """What is known now over what was known then; the event that started it all is known from then only."""
    person = next((one for one in fresh.get("people") or () if one.id == message.contact_id), None)
    contact = person.facts if person else message.inputs.get("contact")
    return {**message.inputs, **fresh} | ({"contact": contact} if contact else {})
