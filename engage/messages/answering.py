"""The answer links of a mail: what the page of a link shows, and keeping what was confirmed there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.calendars.zones import day_of, first_zone
from engage.channels.in_app.states import mark_answered
from engage.customers.tables import Account, Contact, Contract
from engage.errors import ConflictError, InputError, NotFoundError
from engage.language.questions import Question
from engage.messages.formats import language_of
from engage.messages.linked import HANDED_OVER, address_of, masked, message_of
from engage.messages.links import Links
from engage.messages.tables import Message
from engage.releases.library import Library
from engage.surveys.answering import Asked, Reply, answers_to, read_reply, store_answer
from engage.surveys.tables import Answer

_MOST_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Form:
    """What a link offers, as its page says it; `state` is open, closed or unsent."""

    state: str
    key: str
    question: Question
    choice: str
    locale: str
    vendor: str
    customer: str
    address: str
    is_copied: bool
    contract: str | None
    notice_deadline: date | None
    today: date
    number: int
    answered_on: date | None
    given: Answer | None


class ClosedError(ConflictError):
    """No answer is taken by this link any more, or not yet; nothing was stored."""

    code = "closed"


def signed_in(session: Session, library: Library, links: Links, token: str) -> tuple[str, str, str]:
    """The message, the question and the choice of a link; NotFoundError where it is of no question that is asked."""
    questions = library.vocabulary(session).questions
    return links.read_answer(token, lambda: ((key, one) for key, asked in questions.items() for one in asked.choices))


def describe(session: Session, library: Library, signed: tuple[str, str, str], *, now: datetime) -> Form:
    """The form behind a link; changes nothing."""
    public_id, key, choice = signed
    return form_of(session, library, message_of(session, public_id), key, choice, now=now)


def form_of(
    session: Session, library: Library, message: Message, key: str, choice: str | None, *, now: datetime
) -> Form:
    """The form of a question that a message asks, with a choice taken or none; changes nothing."""
    question = _question(library, session, key, choice)
    account = session.get(Account, message.account_id) if message.account_id else None
    contract = session.get(Contract, message.contract_id) if message.contract_id else None
    zone = _zone(session, library, message, account)
    given = answers_to(session, message.id, key)
    deadline = contract.notice_deadline if contract else None
    today = day_of(now, zone)
    return Form(
        state=_state(message, question, now),
        key=key,
        question=question,
        choice=choice or "",
        locale=language_of(message.locale),
        vendor=str(_company(library, session, message).get("name", "")),
        customer=account.name if account else "",
        address=masked(address_of(session, message)),
        is_copied=bool(message.cc),
        contract=contract.name if contract else None,
        notice_deadline=deadline if deadline and deadline >= today else None,
        today=today,
        number=len(given) + 1,
        answered_on=day_of(given[-1].at, zone) if given else None,
        given=given[-1] if given else None,
    )


def answer(
    session: Session, library: Library, signed: tuple[str, str, str], said: Mapping[str, str], *, now: datetime
) -> Reply:
    """Keeps what the form says, once; raises InputError or ClosedError, and keeps nothing, where it cannot be.

    Takes the contact's lock, so that of two answers at once one is the later.
    """
    public_id, key, choice = signed
    message = message_of(session, public_id)
    return keep_answer(session, library, message, key, said, choice=choice, is_own=said.get("own") == "yes", now=now)


def keep_answer(
    session: Session,
    library: Library,
    message: Message,
    key: str,
    said: Mapping[str, str],
    *,
    choice: str | None,
    is_own: bool,
    now: datetime,
) -> Reply:
    """The same for the question of a message; `is_own`: it is sure that its addressee answers."""
    session.execute(select(Contact.id).where(Contact.id == message.contact_id).with_for_update())
    question = _question(library, session, key, choice)
    if _state(message, question, now) != "open":
        raise ClosedError("no answer is taken here now")
    account = session.get(Account, message.account_id) if message.account_id else None
    today = day_of(now, _zone(session, library, message, account))
    written = said.get(f"date.{said.get('choice', '')}", "")
    reply = read_reply(
        question, said.get("choice", ""), written_date=written, comment=said.get("comment", ""), today=today
    )
    if message.cc and not is_own:
        raise InputError("others got a copy of this mail: its addressee has to say so", code="not_confirmed")
    store_answer(session, _asked(session, message, key), reply, number=_number(said.get("number", "")), now=now)
    mark_answered(session, message.id, now=now)
    return reply


def _number(written: str) -> int | None:
    return int(written) if written.isdecimal() and len(written) < _MOST_DIGITS else None


def _asked(session: Session, message: Message, key: str) -> Asked:
    contract = session.get(Contract, message.contract_id) if message.contract_id else None
    return Asked(
        question=key,
        message_id=message.id,
        contact_id=message.contact_id,
        account_id=message.account_id,
        contract_id=message.contract_id,
        contract_key=contract.external_id if contract else None,
    )


def _question(library: Library, session: Session, key: str, choice: str | None) -> Question:
    question = library.vocabulary(session).questions.get(key)
    if question is None or (choice is not None and choice not in question.choices):
        raise NotFoundError("this question is not asked any more", code="bad_link")
    return question


def _state(message: Message, question: Question, now: datetime) -> str:
    if message.state not in HANDED_OVER:
        return "unsent"
    asked_at = message.accepted_at or message.created_at
    return "open" if now <= asked_at + question.open_for.roughly else "closed"


def _zone(session: Session, library: Library, message: Message, account: Account | None) -> Any:
    contact = session.get_one(Contact, message.contact_id)
    defaults = library.vocabulary(session).defaults
    return first_zone(contact.time_zone, account.time_zone if account else None, defaults.time_zone)


def _company(library: Library, session: Session, message: Message) -> Mapping[str, Any]:
    return library.vocabulary(session).company.facts(message.locale)
