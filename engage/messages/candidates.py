"""All that the policies look at, for many messages in a few statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Text, and_, cast, column, func, select, table
from sqlalchemy.orm import Session

from engage.calendars.business_days import BusinessCalendar, calendar_of
from engage.calendars.windows import window_of
from engage.calendars.zones import first_zone
from engage.customers.tables import Account, Consent, Contact
from engage.db.sets import among
from engage.language.vocabulary import Vocabulary
from engage.messages.belonging import IS_MEMBER
from engage.messages.copies import Copied, as_candidates, load_copied
from engage.messages.gating import GatesAhead, load_gates
from engage.messages.in_product import settled_in_product
from engage.messages.partners import Partners, load_partners
from engage.messages.policy.candidate import Candidate, ConsentWord
from engage.messages.policy.consent import words_held
from engage.messages.suppressed import Suppressed, load_suppressed
from engage.messages.tables import Message
from engage.messages.twins import twins_of
from engage.releases.library import Library
from engage.releases.tables import PausedPlaybook

# Named by string: journeys stand above messages, the state of their enrolments is all that is read here.
_enrolments = table("enrolments", column("id"), column("state"))

# Every window asks these, so each is made once, and over columns: rows are all that is wanted.
_messages, _contacts, _accounts = Message.__table__.c, Contact.__table__.c, Account.__table__.c
_consented = Consent.__table__.c
_paused = PausedPlaybook.__table__.c
# What a playbook's step is called, or what else began it: for a customer each is one touch.
STEP = (
    func.coalesce(_messages.playbook_key, _messages.origin + " " + cast(_messages.origin_id, Text))
    + ": "
    + _messages.step_id
)
_QUESTION = (
    select(
        STEP.label("step"),
        _messages.id,
        _messages.public_id,
        _messages.channel,
        _messages.topic,
        _messages.purpose,
        _messages.hours,
        _messages.contact_id,
        _messages.account_id,
        _messages.contract_id,
        _messages.playbook_key,
        _messages.created_at,
        _messages.cc,
        _messages.locale,
        _messages.sender_staff_id,
        _messages.template_version_id,
        _messages.html.is_not(None).label("is_approved"),
        _contacts.external_id.label("user_id"),
        _contacts.email,
        _contacts.address_key,
        _contacts.left_at,
        _contacts.away_until,
        _contacts.time_zone.label("contact_zone"),
        _accounts.time_zone.label("account_zone"),
        _accounts.country,
        _accounts.phase.label("account_phase"),
        IS_MEMBER.label("is_member"),
        _enrolments.c.state.label("journey_state"),
        _paused.playbook_key.is_not(None).label("is_paused"),
    )
    .join_from(Message.__table__, Contact.__table__, _contacts.id == _messages.contact_id)
    .outerjoin(Account.__table__, _accounts.id == _messages.account_id)
    .outerjoin(_enrolments, and_(_messages.origin == "enrolment", _enrolments.c.id == _messages.origin_id))
    .outerjoin(PausedPlaybook.__table__, _paused.playbook_key == _messages.playbook_key)
    .where(among(_messages.id, "ids"))
    .order_by(_messages.id)
)
_CONSENTS = (
    select(
        _consented.contact_id,
        _consented.topic,
        _consented.state,
        _consented.at,
        _consented.basis,
        _consented.source,
        _consented.record_id,
    )
    .where(among(_consented.contact_id, "contacts"))
    .order_by(_consented.at, _consented.state)  # at the same instant a no stands after a yes
)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known around the messages: the shared words, and what was loaded for all of them at once."""

    vocabulary: Vocabulary
    calendars: Mapping[str | None, BusinessCalendar]
    copied: Mapping[int, Copied]
    suppressions: Suppressed
    consents: Mapping[int, Mapping[str, ConsentWord]]
    twins: Mapping[int, str]
    gates: GatesAhead
    partners: Partners
    in_product: Mapping[int, str]

    def candidate(self, row: Any, phase: str) -> Candidate:
        """The message with its recipient, and the same once more for each who gets a copy."""
        candidate = self._for_its_reader(row, phase)
        if not row.cc:
            return candidate
        readers = [self.copied[key] for key in row.cc if key in self.copied]
        said = as_candidates(candidate, readers, row.account_id, suppressions=self.suppressions, consents=self.consents)
        copies = (replace(one, is_past_partner=self.partners.are_passed(row, one.contact_id)) for one in said)
        return replace(candidate, copies=tuple(copies))

    def _for_its_reader(self, row: Any, phase: str) -> Candidate:
        topic = self.vocabulary.topics.get(row.topic)
        return Candidate(
            message_id=row.id,
            public_id=row.public_id,
            channel=row.channel,
            topic=row.topic,
            purpose=row.purpose,
            phase=phase,
            zone=first_zone(row.contact_zone, row.account_zone, self.vocabulary.defaults.time_zone),
            calendar=self.calendars[row.country],
            window=window_of(row.hours),
            address=row.email,
            account_phase=row.account_phase,
            to_former=topic is not None and topic.to_former,
            asks_twice=topic is not None and topic.double_opt_in,
            has_left=row.left_at is not None,
            away_until=row.away_until,
            is_member=bool(row.is_member),
            is_past_partner=self.partners.are_passed(row, row.contact_id),
            journey_state=row.journey_state,
            is_paused=bool(row.is_paused),
            suppressions=self.suppressions.of(row.address_key, row.user_id),
            consents=self.consents.get(row.contact_id, {}),
            created_at=row.created_at,
            contact_id=row.contact_id,
            account_id=row.account_id,
            playbook=row.playbook_key,
            step=row.step,
            locale=row.locale,
            sender=row.sender_staff_id,
            template=row.template_version_id,
            is_approved=bool(row.is_approved),
            gates=self.gates.of(row),
            facts=self.gates.facts_of(row),
            twin=self.twins.get(row.id),
            in_product=self.in_product.get(row.id),
        )


def load_candidates(
    session: Session, library: Library, ids: Sequence[int], *, phase: str, now: datetime
) -> list[Candidate]:
    """The messages with all that the policies look at, as of now."""
    if not ids:
        return []
    rows = session.execute(_QUESTION, {"ids": list(ids)}).all()
    return candidates_of(session, library, rows, phase=phase, now=now)


def candidates_of(
    session: Session, library: Library, rows: Sequence[Any], *, phase: str, now: datetime
) -> list[Candidate]:
    """The same for rows of messages, also of some that nobody has written."""
    known = _load(session, library, rows, now=now)
    return [known.candidate(row, phase) for row in rows]


def _load(session: Session, library: Library, rows: Sequence[Any], *, now: datetime) -> _Known:
    vocabulary = library.vocabulary(session)
    copied = load_copied(session, (key for row in rows for key in row.cc))
    readers = {(row.address_key, row.user_id) for row in rows}
    readers |= {(one.address_key, one.user_id) for one in copied.values()}
    asked = (row for row in rows if row.purpose != "transactional")
    return _Known(
        vocabulary=vocabulary,
        calendars=_calendars(vocabulary, {row.country for row in rows}),
        copied=copied,
        suppressions=load_suppressed(session, library.seal, readers),
        consents=_consents(session, {key for row in asked for key in (row.contact_id, *row.cc)}),
        twins=twins_of(session, library, [row.id for row in rows], now=now),
        gates=load_gates(session, library, rows, now=now),
        partners=load_partners(session, rows),
        in_product=settled_in_product(session, rows, now=now),
    )


def _calendars(vocabulary: Vocabulary, countries: Iterable[str | None]) -> dict[str | None, BusinessCalendar]:
    return {country: calendar_of(country, vocabulary.closures(country)) for country in countries}


def _consents(session: Session, contacts: set[int]) -> dict[int, dict[str, ConsentWord]]:
    """The word of each contact that holds on each topic."""
    return words_held(session.execute(_CONSENTS, {"contacts": list(contacts)})) if contacts else {}
