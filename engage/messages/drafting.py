"""From orders to rows of the ledger, in bulk: whose words, which facts, whether anything is missing, whom to ask."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.tables import Contact
from engage.db.bulk import insert_ignore
from engage.db.session import nudge
from engage.db.sets import among
from engage.ids import new_id
from engage.messages.asking import EXECUTIVES, Ask, ConsentKey, ask, consents_given, executive_to_ask, kept_rule
from engage.messages.composing import Composer, company_of, failure, inputs_of, salutation_of, why_held
from engage.messages.contexts import find
from engage.messages.exceptions import approved_before, is_complete, let_go
from engage.messages.gate import put_off, run_gate, settle
from engage.messages.moments import kept_moment
from engage.messages.orders import TEAM, MessageOrder
from engage.messages.policy.verdicts import Skip
from engage.messages.showing import kept_showing
from engage.messages.tables import Message
from engage.messages.threads import kept_place
from engage.releases.library import Library, TemplateSource
from engage.staff.tables import StaffMember

log = logging.getLogger(__name__)

RECHECK_AFTER = timedelta(days=1)
_contacts = Contact.__table__.c
_CONTACTS = select(
    _contacts.id, _contacts.email, _contacts.left_at, _contacts.department, _contacts.title, _contacts.family_name,
    _contacts.given_name, _contacts.full_name, _contacts.family_reading, _contacts.given_reading, _contacts.is_staff,
    _contacts.is_shared_box,
).where(among(_contacts.id, "ids"))  # fmt: skip


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

    @property
    def is_excepted(self) -> bool:
        """Whether words that were approved before may go unasked."""
        rule = self.order.approval
        return self.executive_id is None and rule is not None and rule.good_standing is True


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
    proposed = {key: one for key, one in going if one.row["state"] == "proposed"}
    late = put_off(session, {key: verdicts[key] for key in proposed})
    asking = {key: one for key, one in proposed.items() if key not in late}
    trusted = _trusted(session, library, asking)
    let_go(session, trusted, now=now)
    ask(session, composer.vocabulary, [_ask(key, one) for key, one in asking.items() if key not in trusted], now=now)
    if trusted or any(one.row["state"] == "queued" and one.row["due_at"] <= now for _key, one in going):
        nudge(session, "deliver")
    return [row.id for row in new]


def _trusted(session: Session, library: Library, drafts: Mapping[int, Draft]) -> dict[int, tuple[str, dict[str, Any]]]:
    """Those that nobody needs to be asked about, with the approval of the same words and what they are made from."""
    sound = {key: one for key, one in drafts.items() if one.is_excepted}
    before = approved_before(session, [one.row["template_version_id"] for one in sound.values()])
    found = {}
    for key, one in sound.items():
        version_id = one.row["template_version_id"]
        if version_id in before and is_complete(library.template(session, version_id), one.row["inputs"]):
            found[key] = (before[version_id], one.row["inputs"])
    return found


def _draft(order: MessageOrder, template: TemplateSource, composer: Composer, people: People, now: datetime) -> Draft:
    """The row of one order; one that cannot be made is held with the reason, and stops no other."""
    contact = people.contacts[order.contact_id or 0]
    sender = None if order.sender == TEAM else people.senders.get(order.sender)
    executive = executive_to_ask(order.channel, sender, template, people.consents)
    row = _from_order(order, now) | {
        "public_id": new_id("msg"),
        "template_version_id": _version_id(order, template.locale),
        "locale": template.locale,
        "topic": order.topic or str(template.meta.get("topic") or ""),
        "purpose": str(template.meta.get("purpose") or "relationship"),
        "address": contact.email if order.channel == "email" else None,
        "sender_staff_id": sender.id if sender else None,
        "cc": list(order.cc),
    }
    try:
        made = _composed(order, row, template, composer, contact, sender, now, executive=executive)
    except Exception as error:
        log.exception("a message cannot be made", extra={"message_id": row["public_id"]})
        # What began it all is known from now only; everything else is read again at the recheck.
        begun = {name: order.facts[name] for name in ("event", "occurrence") if order.facts.get(name)}
        kept = _kept(order, now)
        made = {"inputs": begun | kept, "state": "held", "reason": failure(error)}
        made["due_at"] = now + RECHECK_AFTER
    return Draft(order, row | made, executive)


def _composed(
    order: MessageOrder,
    row: Mapping[str, Any],
    template: TemplateSource,
    composer: Composer,
    contact: Any,
    sender: StaffMember | None,
    now: datetime,
    *,
    executive: int | None,
) -> dict[str, Any]:
    """What the message is rendered from, and whether it may go on or waits for something."""
    facts = composer.facts_in(template.locale, order.facts, sender=sender, topic=row["topic"])
    facts |= salutation_of(contact, company_of(order.facts), template.locale)
    inputs = inputs_of(template, facts)
    asked = order.approval is not None or executive is not None
    held = why_held(template, inputs, purpose=row["purpose"], render=asked)
    leaves = composer.departure(
        max(order.due_at, now), order.facts, channel=order.channel, hours=order.hours, key=contact.email or ""
    )
    return {
        "inputs": inputs | _kept(order, now),
        "state": "held" if held else "proposed" if asked else "queued",
        "reason": held,
        "due_at": now + RECHECK_AFTER if held else leaves,
    }


def _kept(order: MessageOrder, now: datetime) -> dict[str, Any]:
    """What a message keeps of its order besides facts."""
    place = kept_place(follows=order.follows)
    return kept_rule(order.approval) | kept_moment(order.due_at, now) | kept_showing(order.showing) | place


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
    ids = {order.contact_id for order in orders if order.contact_id is not None}
    contacts = session.execute(_CONTACTS, {"ids": list(ids)})
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
