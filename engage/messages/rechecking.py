"""Messages that could not be made: looked at again every day, whatever they lacked; one that fails stops no other."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.facts import EVERYTHING, OF_WEEKS, Subject, load_facts
from engage.customers.tables import Contact
from engage.customers.usage import Period
from engage.db.session import nudge
from engage.messages.asking import Ask, ask, consents_given, executive_to_ask, rule_of
from engage.messages.composing import Composer, company_of, failure, inputs_of, salutation_of, why_held
from engage.messages.contexts import RULE, find
from engage.messages.gate import put_off, run_gate, settle
from engage.messages.giving_up import ask_people
from engage.messages.moments import NOT_BEFORE, moment_of
from engage.messages.policy.verdicts import Skip
from engage.messages.rendering import fingerprint
from engage.messages.showing import SHOWING
from engage.messages.tables import Message
from engage.messages.threads import FOLLOWS
from engage.releases.library import Library, TemplateSource
from engage.staff.tables import StaffMember

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)
_KEPT = (RULE, NOT_BEFORE, SHOWING, FOLLOWS)  # what inputs keep besides facts
NO_SENDER = "no_sender: neither a person nor the team can be the sender"
DRIFT = "render_drift: the stored mail is not the one that was approved"


def recheck_held(session: Session, library: Library, *, now: datetime, limit: int = 200) -> int:
    """Moves held messages on that can be made now; the others stay held one more day. Says how many it looked at."""
    due = select(Message).where(Message.state == "held", Message.due_at <= now)
    due = due.order_by(Message.due_at, Message.id).limit(limit)
    messages = session.scalars(due.with_for_update(skip_locked=True)).all()
    if not messages:
        return 0
    known = _known(session, library, messages, now)
    desk = _Desk(session, library, Composer(library.vocabulary(session)), now)
    asks = [asked for message in messages if (asked := desk.recheck(message, known.get(message.id, {}))) is not None]
    session.flush()
    _ask_colleagues(session, library, asks, now)
    ask_people(session, messages, now=now)
    return len(messages)


def _known(session: Session, library: Library, messages: Sequence[Message], now: datetime) -> dict[int, dict[str, Any]]:
    """The facts of today by message; where one customer's cannot be read, all the others' still are."""
    subjects = {message.id: _subject(message) for message in messages}
    try:
        with session.begin_nested():
            fresh = load_facts(session, library, list(subjects.values()), now=now, reading=EVERYTHING | {OF_WEEKS})
    except Exception:
        if len(messages) == 1:
            log.exception("the facts of a held message cannot be read", extra={"message_id": messages[0].public_id})
            return {}
        half = len(messages) // 2
        parts = (_known(session, library, part, now) for part in (messages[:half], messages[half:]))
        return {key: facts for part in parts for key, facts in part.items()}
    return {key: fresh.get(subject, {}) for key, subject in subjects.items()}


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where held messages are looked at one by one."""

    session: Session
    library: Library
    composer: Composer
    now: datetime

    def recheck(self, message: Message, fresh: Mapping[str, Any]) -> Ask | None:
        """Moves one message on or holds it again; whom to ask before it goes."""
        try:
            with self.session.begin_nested():
                return self._recheck(message, fresh)
        except Exception as error:
            log.exception("a held message cannot be made", extra={"message_id": message.public_id})
            self._hold(message, failure(error))
            return None

    def _recheck(self, message: Message, fresh: Mapping[str, Any]) -> Ask | None:
        template = self.library.template(self.session, message.template_version_id)
        sender = self.session.get(StaffMember, message.sender_staff_id) if message.sender_staff_id else None
        facts = _merged(message, fresh)
        said = self._said(message, facts, sender)
        if message.channel == "email" and not find(said, ("sender", "email")):
            self._hold(message, NO_SENDER)
        elif message.text is not None:
            self._send_as_approved(message, facts)
        else:
            return self._make_again(message, template, facts, said, sender)
        return None

    def _send_as_approved(self, message: Message, facts: Mapping[str, Any]) -> None:
        """What a person approved goes as it is: nobody is asked twice, and nothing else is sent instead."""
        if fingerprint(message.subject or "", message.html or "", message.text or "") != message.sha:
            self._hold(message, DRIFT)
        else:
            self._queue(message, facts)

    def _make_again(
        self,
        message: Message,
        template: TemplateSource,
        facts: Mapping[str, Any],
        said: Mapping[str, Any],
        sender: StaffMember | None,
    ) -> Ask | None:
        inputs = inputs_of(template, said)
        held = why_held(template, inputs, purpose=message.purpose, render=True)
        if held:
            self._hold(message, held)
            return None
        rule = rule_of(message.inputs)
        consents = consents_given(self.session, [sender.id] if sender else [])
        executive = executive_to_ask(message.channel, sender, template, consents)
        # Surely not sent: another mail than an earlier attempt would have carried is no drift.
        message.sha = None
        message.inputs = inputs | {name: message.inputs[name] for name in _KEPT if name in message.inputs}
        self._queue(message, facts)
        if rule is None and executive is None:
            return None
        message.state = "proposed"
        country = find(facts, ("account", "country"))
        return Ask(
            message_id=message.id, account_id=message.account_id, country=country, rule=rule, executive_id=executive
        )

    def _said(self, message: Message, facts: Mapping[str, Any], sender: StaffMember | None) -> dict[str, Any]:
        reader = self.session.get_one(Contact, message.contact_id)
        said = self.composer.facts_in(message.locale, facts, sender=sender, topic=message.topic)
        return said | salutation_of(reader, company_of(facts), message.locale)

    def _queue(self, message: Message, facts: Mapping[str, Any]) -> None:
        message.state, message.reason = "queued", None
        message.due_at = self.composer.departure(
            moment_of(message.inputs, self.now),
            facts,
            channel=message.channel,
            hours=message.hours,
            key=message.address or "",
        )
        nudge(self.session, "deliver")

    def _hold(self, message: Message, reason: str) -> None:
        message.reason, message.due_at = reason, self.now + EVERY


def _ask_colleagues(session: Session, library: Library, asks: Sequence[Ask], now: datetime) -> None:
    """Asks for approval of what the gate lets through: nobody decides on a mail that may not go."""
    messages = [session.get_one(Message, one.message_id) for one in asks]
    verdicts = run_gate(session, library, messages, phase="ask", now=now)
    skipped = {key: verdict for key, verdict in verdicts.items() if isinstance(verdict, Skip)}
    settle(session, skipped, now=now)
    stopped = put_off(session, verdicts) | skipped.keys()
    ask(session, library.vocabulary(session), [one for one in asks if one.message_id not in stopped], now=now)


def _subject(message: Message) -> Subject:
    kind, key = ("contract", message.contract_id) if message.contract_id else ("account", message.account_id)
    return Subject(
        kind=kind,
        id=key or 0,
        account_id=message.account_id,
        contact_id=message.contact_id,
        contract_id=message.contract_id,
        period=Period.of(message.inputs.get("occurrence")),
    )


def _merged(message: Message, fresh: Mapping[str, Any]) -> dict[str, Any]:
    """What is known now over what was known then; the event that started it all is known from then only."""
    person = next((one for one in fresh.get("people") or () if one.id == message.contact_id), None)
    contact = person.facts if person else message.inputs.get("contact")
    return {**message.inputs, **fresh} | ({"contact": contact} if contact else {})
