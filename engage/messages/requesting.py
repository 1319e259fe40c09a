"""Asking for the yes to a topic that asks twice: one mail for each time that somebody asked for it, and no other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.consent_ledger import words_on_mail
from engage.customers.consents import DOUBLE_OPT_IN, GRANTED
from engage.customers.facts import Subject, load_facts
from engage.customers.tables import ConsentRecord, Contact, Membership
from engage.db.sets import one_of
from engage.language.templates import CONFIRM_MAIL
from engage.messages.drafting import draft
from engage.messages.orders import MessageOrder
from engage.messages.policy.consent import word_on, words_held
from engage.releases.library import Library

CONFIRMATION = "confirmation"
"""The origin of such a mail; its origin's id is that of the record of the yes that it asks about."""


class _Known(NamedTuple):
    """Where a contact belongs, if anywhere, and what is known of them there."""

    account_id: int | None
    facts: Mapping[str, Any]


def ask_to_confirm(session: Session, library: Library, contact_ids: Collection[int], *, now: datetime) -> int:
    """Writes to those of these contacts whose yes still has to be confirmed, once for each yes; how many mails.

    No statement where no topic asks twice.
    """
    twice = {key for key, topic in library.vocabulary(session).topics.items() if topic.double_opt_in}
    templates = library.own_template(session, CONFIRM_MAIL)
    if not twice or not templates or not contact_ids:
        return 0
    waiting = _waiting(session, contact_ids, twice)
    records = _record_ids(session, {proof for _, _, proof in waiting})
    known = _known(session, library, {contact_id for contact_id, _, _ in waiting}, now)
    orders = [
        _order(contact_id, topic, records[proof], templates, known[contact_id], now)
        for contact_id, topic, proof in waiting
    ]
    return len(draft(session, library, orders, now=now))


def _waiting(session: Session, contact_ids: Collection[int], twice: Collection[str]) -> list[tuple[int, str, str]]:
    """Contact, topic and record of each yes that holds and that nobody has confirmed."""
    found = []
    for contact_id, words in words_held(words_on_mail(session, contact_ids)).items():
        for topic in sorted(twice & words.keys()):
            holds = word_on(words, topic)
            if holds and holds.record and holds.state == GRANTED and holds.basis != DOUBLE_OPT_IN:
                found.append((contact_id, topic, holds.record))
    return found


def _record_ids(session: Session, public_ids: Collection[str]) -> dict[str, int]:
    asked = select(ConsentRecord.public_id, ConsentRecord.id).where(one_of(ConsentRecord.public_id, public_ids))
    return {row.public_id: row.id for row in session.execute(asked)}


def _known(session: Session, library: Library, contacts: Collection[int], now: datetime) -> dict[int, _Known]:
    """What the mail is made from: the contact at the customer that they belong to, or alone."""
    people = session.scalars(select(Contact).where(one_of(Contact.id, contacts))).all()
    members = select(Membership.contact_id, Membership.account_id).where(one_of(Membership.contact_id, contacts))
    rows = session.execute(members.where(Membership.until.is_(None)).order_by(Membership.since, Membership.id))
    subjects = [Subject("contact", contact_id, account_id, contact_id, None) for contact_id, account_id in rows]
    known = load_facts(session, library, subjects, now=now)
    alone = {one.id: _Known(None, {"contact": {"email": one.email, "locale": one.locale}}) for one in people}
    return alone | {one.id: _Known(one.account_id, facts) for one, facts in known.items()}


def _order(
    contact_id: int, topic: str, record_id: int, templates: Mapping[str, int], known: _Known, now: datetime
) -> MessageOrder:
    return MessageOrder(
        origin=CONFIRMATION,
        origin_id=record_id,
        step_id=topic,
        account_id=known.account_id,
        contact_id=contact_id,
        channel="email",
        template=CONFIRM_MAIL,
        templates=templates,
        topic=topic,
        hours="any",
        facts=known.facts,
        due_at=now,
    )
