"""Keeps what a customer answered: once however often it is sent, each change of mind beside the answer before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.db.bulk import insert_ignore
from engage.errors import InputError
from engage.events.recording import NewEvent, record
from engage.events.written_forms import parse_date
from engage.ids import new_id
from engage.keys import agreement_event, answer_event
from engage.language.questions import Question
from engage.surveys.tables import Answer

LONGEST_COMMENT = 2000
FURTHEST = timedelta(days=3 * 366)
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who was asked what, by which message, about what."""

    question: str
    message_id: int
    contact_id: int
    account_id: int | None
    contract_id: int | None
    contract_key: str | None  # as the customer's own systems call the contract


@dataclass(frozen=True, slots=True)
class Reply:
    """What was chosen, with the date and the words that came with it."""

    choice: str
    day: date | None = None
    comment: str | None = None
    score: int | None = None  # the choice as a number, where the question has a scale
    agrees_to: str | None = None  # the topic of mail that the choice says yes to


class BadDateError(InputError):
    """A date that is none, that has passed or that lies too far ahead; nothing was stored."""

    code = "bad_date"


def read_reply(question: Question, choice: str, *, written_date: str, comment: str, today: date) -> Reply:
    """What a form said, checked; a date is taken only where the choice asks for one."""
    if choice not in question.choices:
        raise InputError("one of the choices is needed", code="bad_choice")
    asks_for_date = question.choices[choice].date is not None
    said = _CONTROLS.sub("", comment.replace("\r\n", "\n")).strip()[:LONGEST_COMMENT]
    day = _read_date(written_date, today) if asks_for_date else None
    score = int(choice) if question.scale else None
    return Reply(choice, day, said or None, score, question.choices[choice].agrees_to)


def store_answer(session: Session, asked: Asked, reply: Reply, *, number: int | None, now: datetime) -> bool:
    """Keeps the answer and tells of it; False when it says what is known already.

    `number` is the one that the form was made with: sent again, by a second press or a reload, it is the same answer.
    """
    known = answers_to(session, asked.message_id, asked.question)
    if number is not None and any(one.number == number and _says(one, reply) for one in known):
        return False
    newest = _newest(session, asked)
    if newest is not None and newest.message_id == asked.message_id and _says(newest, reply):
        return False
    row = {
        "public_id": new_id("ans"),
        "question": asked.question,
        "choice": reply.choice,
        "message_id": asked.message_id,
        "number": len(known) + 1,
        "contact_id": asked.contact_id,
        "account_id": asked.account_id,
        "contract_id": asked.contract_id,
        "day": reply.day,
        "comment": reply.comment,
        "at": now,
    }
    new = insert_ignore(session, Answer, [row], returning=[Answer.public_id])
    for one in new:
        record(session, [_answered(asked, reply, one.public_id, now), *_agreed(asked, reply, one.public_id, now)])
    return bool(new)


def answers_to(session: Session, message_id: int, question: str) -> list[Answer]:
    """Everything that was answered to a question of one message, in order."""
    asked = select(Answer).where(Answer.message_id == message_id, Answer.question == question)
    return list(session.scalars(asked.order_by(Answer.number)))


def _newest(session: Session, asked: Asked) -> Answer | None:
    """The answer that holds for what was asked about."""
    chosen = select(Answer).where(Answer.question == asked.question, Answer.account_id == asked.account_id)
    if asked.contract_id is not None:
        chosen = chosen.where(Answer.contract_id == asked.contract_id)
    return session.scalar(chosen.order_by(Answer.id.desc()).limit(1))


def _says(answer: Answer, reply: Reply) -> bool:
    """Whether the answer says what the reply says."""
    return (answer.choice, answer.day, answer.comment) == (reply.choice, reply.day, reply.comment)


def _read_date(written: str, today: date) -> date | None:
    if not written.strip():
        return None
    try:
        read = parse_date(written)
    except ValueError as error:
        raise BadDateError("this is no date", where="unreadable") from error
    if read <= today:
        raise BadDateError("the date has passed or is today", where="past")
    if read > today + FURTHEST:
        raise BadDateError("the date lies too far ahead", where="far")
    return read


def _answered(asked: Asked, reply: Reply, public_id: str, now: datetime) -> NewEvent:
    said = {
        "question": asked.question,
        "answer": reply.choice,
        "score": reply.score,
        "date": reply.day.isoformat() if reply.day else None,
        "comment": reply.comment,
        "contract_id": asked.contract_key,
        "answer_id": public_id,
    }
    known = {fact: value for fact, value in said.items() if value is not None}
    return _event(asked, answer_event(public_id), "answered", known, now)


def _agreed(asked: Asked, reply: Reply, public_id: str, now: datetime) -> list[NewEvent]:
    """The yes to a topic of mail, as an event of the person, so that a replay knows it."""
    if reply.agrees_to is None:
        return []
    said = {"topic": reply.agrees_to, "basis": "consent", "evidence": f"answer {public_id}"}
    return [_event(asked, agreement_event(public_id), "consent.granted", said, now)]


def _event(asked: Asked, key: str, name: str, properties: dict[str, Any], now: datetime) -> NewEvent:
    return NewEvent(
        key=key,
        name=name,
        occurred_at=now,
        received_at=now,
        account_id=asked.account_id,
        contact_id=asked.contact_id,
        properties=properties,
    )
