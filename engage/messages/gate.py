"""The one gate: loads all that the policies look at in a few statements, asks them, keeps every answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import and_, column, or_, select, table, update
from sqlalchemy.orm import Session

from engage.calendars.business_days import BusinessCalendar, calendar_of
from engage.calendars.windows import window_of
from engage.calendars.zones import first_zone
from engage.customers.tables import Account, Consent, Contact, Membership
from engage.db.bulk import insert_ignore
from engage.db.sets import one_of
from engage.language.vocabulary import Vocabulary
from engage.messages.news import tell
from engage.messages.policy.candidate import Candidate
from engage.messages.policy.order import judge
from engage.messages.policy.verdicts import Allow, Hold, Skip, Verdict
from engage.messages.tables import GateCheck, Message, Suppression
from engage.releases.library import Library

# Named by string: journeys stand above messages, the state of their enrolments is all that is read here.
_enrolments = table("enrolments", column("id"), column("state"))


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
    candidates = load_candidates(session, library, [message.id for message in messages], phase=phase)
    judged = {candidate.message_id: judge(candidate, now) for candidate in candidates}
    if candidates:
        rows = [_check_row(candidate, *judged[candidate.message_id], now) for candidate in candidates]
        insert_ignore(session, GateCheck, rows)
    return {message_id: verdict for message_id, (_policy, verdict) in judged.items()}


def settle(session: Session, verdicts: Mapping[int, Verdict], *, now: datetime) -> None:
    """Messages told to wait stay queued for their time; skipped ones end, and whoever waits is told."""
    held: list[dict[str, Any]] = [
        {"id": message_id, "state": "queued", "due_at": verdict.until, "reason": str(verdict.reason)}
        for message_id, verdict in verdicts.items()
        if isinstance(verdict, Hold)
    ]
    skipped: list[dict[str, Any]] = [
        {"id": message_id, "state": "skipped", "due_at": None, "reason": str(verdict.reason), "ended_at": now}
        for message_id, verdict in verdicts.items()
        if isinstance(verdict, Skip)
    ]
    if held:
        session.execute(update(Message), held)
    if skipped:
        session.execute(update(Message), skipped)
        tell(session, "skipped", rows_told(session, [row["id"] for row in skipped]), now=now)


def rows_told(session: Session, ids: Iterable[int]) -> Sequence[Any]:
    """The parts of messages that their events speak of."""
    return session.execute(select(*_TOLD).where(one_of(Message.id, ids))).all()


def load_candidates(session: Session, library: Library, ids: Sequence[int], *, phase: str) -> list[Candidate]:
    """The messages with all that the policies look at, as of now."""
    if not ids:
        return []
    rows = session.execute(_question(ids)).all()
    vocabulary = library.vocabulary(session)
    calendars = _calendars(vocabulary, {row.country for row in rows})
    suppressions = _suppressions(session, {row.address_key for row in rows if row.address_key})
    consents = _consents(session, {row.contact_id for row in rows if row.purpose != "transactional"})
    return [
        Candidate(
            message_id=row.id,
            public_id=row.public_id,
            channel=row.channel,
            topic=row.topic,
            purpose=row.purpose,
            phase=phase,
            zone=first_zone(row.contact_zone, row.account_zone, vocabulary.defaults.time_zone),
            calendar=calendars[row.country],
            window=window_of(row.hours),
            address=row.email,
            account_phase=row.account_phase,
            has_left=row.left_at is not None,
            is_member=bool(row.is_member),
            journey_state=row.journey_state,
            suppressions=suppressions.get(row.address_key, {}),
            consents=consents.get(row.contact_id, {}),
        )
        for row in rows
    ]


_TOLD = (
    Message.public_id,
    Message.origin,
    Message.origin_id,
    Message.step_id,
    Message.visit,
    Message.contact_id,
    Message.account_id,
    Message.reason,
)


def _question(ids: Sequence[int]) -> Any:
    # A value, not EXISTS: that one PostgreSQL may answer by reading all memberships first.
    membership = select(Membership.id).where(
        Membership.contact_id == Message.contact_id,
        Membership.account_id == Message.account_id,
        Membership.until.is_(None),
    )
    belongs = membership.limit(1).correlate(Message).scalar_subquery().is_not(None)
    return (
        select(
            Message.id,
            Message.public_id,
            Message.channel,
            Message.topic,
            Message.purpose,
            Message.hours,
            Message.contact_id,
            Contact.email,
            Contact.address_key,
            Contact.left_at,
            Contact.time_zone.label("contact_zone"),
            Account.time_zone.label("account_zone"),
            Account.country,
            Account.phase.label("account_phase"),
            or_(Message.account_id.is_(None), belongs).label("is_member"),
            _enrolments.c.state.label("journey_state"),
        )
        .join(Contact, Contact.id == Message.contact_id)
        .outerjoin(Account, Account.id == Message.account_id)
        .outerjoin(_enrolments, and_(Message.origin == "enrolment", _enrolments.c.id == Message.origin_id))
        .where(one_of(Message.id, ids))
        .order_by(Message.id)
    )


def _calendars(vocabulary: Vocabulary, countries: Iterable[str | None]) -> dict[str | None, BusinessCalendar]:
    return {country: calendar_of(country, vocabulary.closures(country)) for country in countries}


def _suppressions(session: Session, addresses: set[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    if addresses:
        asked = select(Suppression.address_key, Suppression.topic, Suppression.reason)
        for address, topic, reason in session.execute(asked.where(one_of(Suppression.address_key, addresses))):
            found[address][topic] = reason
    return found


def _consents(session: Session, contacts: set[int]) -> dict[int, dict[str, str]]:
    """What each contact said last about each topic."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    if contacts:
        asked = select(Consent.contact_id, Consent.topic, Consent.state).where(one_of(Consent.contact_id, contacts))
        for contact_id, topic, state in session.execute(asked.order_by(Consent.at, Consent.id)):
            found[contact_id][topic] = state
    return found


def _check_row(candidate: Candidate, policy: str | None, verdict: Verdict, now: datetime) -> dict[str, Any]:
    return {
        "message_id": candidate.message_id,
        "at": now,
        "phase": candidate.phase,
        "verdict": _word(verdict),
        "policy": policy,
        "reason": None if isinstance(verdict, Allow) else str(verdict.reason),
        "until": verdict.until if isinstance(verdict, Hold) else None,
        "inputs": candidate.inputs(),
    }


def _word(verdict: Verdict) -> str:
    match verdict:
        case Allow():
            return "allow"
        case Hold():
            return "hold"
        case Skip():
            return "skip"
