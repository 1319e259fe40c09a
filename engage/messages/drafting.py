"""From orders to rows of the ledger, in bulk: whose words, which facts, whether anything is missing, whom to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.tables import Contact
from engage.db.bulk import insert_ignore
from engage.db.session import nudge
from engage.db.sets import one_of
from engage.ids import new_id
from engage.messages.asking import EXECUTIVES, Ask, ConsentKey, ask, consents_given, executive_to_ask, kept_rule
from engage.messages.composing import Composer, inputs_of, salutation_of, why_held
from engage.messages.contexts import find
from engage.messages.gate import run_gate, settle
from engage.messages.orders import TEAM, MessageOrder
from engage.messages.policy.verdicts import Skip
from engage.messages.presenting import contact_name
from engage.messages.tables import Message
from engage.releases.library import Library, TemplateSource
from engage.staff.tables import StaffMember

RECHECK_AFTER = timedelta(days=1)
_CONTACT = (
    Contact.id, Contact.email, Contact.left_at, Contact.department, Contact.title, Contact.family_name,
    Contact.given_name, Contact.full_name, Contact.family_reading, Contact.given_reading, Contact.is_staff,
    Contact.is_shared_box,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class People:
    """Everybody whom a chunk of orders speaks of."""

    contacts: Mapping[int, Any]  # rows with the columns above
    senders: Mapping[int, StaffMember]
    consents: set[ConsentKey]


@dataclass(frozen=True, slots=True)
class Draft:
    """One order with everything chosen: the row to write, and what must happen to it."""

    order: MessageOrder
    row: dict[str, Any]
    executive_id: int | None


def draft(session: Session, library: Library, orders: Sequence[MessageOrder], *, now: datetime) -> list[int]:
    """Writes each order once, has the gate judge it and asks for approval where needed; the ids of the new messages."""
    if not orders:
        return []
    people = _people(session, orders)
    composer = Composer(library.vocabulary(session))
    made = [_draft(order, _version(session, library, order), composer, people, now) for order in orders]
    drafts = {one.row["public_id"]: one for one in made}
    new = insert_ignore(session, Message, [one.row for one in made], returning=[Message.id, Message.public_id])
    verdicts = run_gate(session, library, new, phase="ask", now=now)
    settle(session, {key: verdict for key, verdict in verdicts.items() if isinstance(verdict, Skip)}, now=now)
    going = [(row.id, drafts[row.public_id]) for row in new if not isinstance(verdicts[row.id], Skip)]
    ask(session, [_ask(key, one) for key, one in going if one.row["state"] == "proposed"], now=now)
    if any(one.row["state"] == "queued" and one.row["due_at"] <= now for _key, one in going):
        nudge(session, "deliver")
    return [row.id for row in new]


def _draft(order: MessageOrder, template: TemplateSource, composer: Composer, people: People, now: datetime) -> Draft:
    contact = people.contacts[order.contact_id or 0]
    sender = None if order.sender == TEAM else people.senders.get(order.sender)
    executive = executive_to_ask(order.channel, sender, template, people.consents)
    topic = order.topic or str(template.meta.get("topic") or "")
    purpose = str(template.meta.get("purpose") or "relationship")
    facts = composer.facts_in(template.locale, order.facts, sender=sender, topic=topic)
    facts |= salutation_of(contact, find(order.facts, ("account", "name")), template.locale)
    inputs = inputs_of(template, facts)
    asked = order.approval is not None or executive is not None
    held = why_held(template, inputs, purpose=purpose, render=asked)
    public_id = new_id("msg")
    leaves = composer.departure(
        max(order.due_at, now), order.facts, channel=order.channel, hours=order.hours, key=public_id
    )
    row = _from_order(order, now) | {
        "public_id": public_id,
        "template_version_id": _version_id(order, template.locale),
        "locale": template.locale,
        "topic": topic,
        "purpose": purpose,
        "address": contact.email if order.channel == "email" else None,
        "sender_staff_id": sender.id if sender else None,
        "cc": _copies(order, people, template.locale),
        "inputs": inputs | kept_rule(order.approval),
        "state": "held" if held else "proposed" if asked else "queued",
        "reason": held,
        "due_at": now + RECHECK_AFTER if held else leaves,
    }
    return Draft(order, row, executive)


def _from_order(order: MessageOrder, now: datetime) -> dict[str, Any]:
    return {
        "origin": order.origin,
        "origin_id": order.origin_id,
        "step_id": order.step_id,
        "visit": order.visit,
        "contact_id": order.contact_id,
        "channel": order.channel,
        "account_id": order.account_id,
        "contract_id": order.contract_id,
        "playbook_key": order.playbook_key or None,
        "template_name": order.template,
        "hours": order.hours or "business",
        "wakes": order.wakes,
        "delivery": "none",
        "fence": 0,
        "created_at": now,
    }


def _ask(message_id: int, one: Draft) -> Ask:
    order = one.order
    return Ask(
        message_id=message_id,
        account_id=order.account_id,
        country=find(order.facts, ("account", "country")),
        rule=order.approval,
        executive_id=one.executive_id,
    )


def _people(session: Session, orders: Sequence[MessageOrder]) -> People:
    contact_ids = {order.contact_id for order in orders} | {copy for order in orders for copy in order.cc}
    contacts = session.execute(select(*_CONTACT).where(one_of(Contact.id, contact_ids)))
    sender_ids = {order.sender for order in orders if order.sender != TEAM}
    senders = session.scalars(select(StaffMember).where(StaffMember.id.in_(sender_ids))).all() if sender_ids else ()
    signing = [sender.id for sender in senders if sender.position in EXECUTIVES]
    return People(
        contacts={contact.id: contact for contact in contacts},
        senders={sender.id: sender for sender in senders},
        consents=consents_given(session, signing),
    )


def _version(session: Session, library: Library, order: MessageOrder) -> TemplateSource:
    said = find(order.facts, ("contact", "locale")) or find(order.facts, ("account", "locale")) or "en"
    return library.template(session, _version_id(order, str(said)))


def _version_id(order: MessageOrder, locale: str) -> int:
    """The version in the reader's language, else in English, else in whatever there is."""
    language = locale.split("-")[0].split("_")[0]
    chosen = next((name for name in (locale, language, "en") if name in order.templates), None)
    return order.templates[chosen] if chosen else next(iter(order.templates.values()))


def _copies(order: MessageOrder, people: People, locale: str) -> list[list[str]]:
    copied = [people.contacts[copy] for copy in order.cc if copy in people.contacts]
    return [
        [contact_name(contact, locale), contact.email]
        for contact in copied
        if contact.email and contact.left_at is None
    ]
