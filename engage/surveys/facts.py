"""The newest answers as the facts `answers.…` of many subjects at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.calendars.zones import day_of, first_zone
from engage.customers.facts import Subject
from engage.db.sets import among
from engage.language.questions import AT, DATE, SCORE, Questions
from engage.surveys.tables import Answer

_answers = Answer.__table__.c
_ANSWER = (
    _answers.account_id, _answers.contact_id, _answers.contract_id, _answers.question, _answers.choice, _answers.day,
    _answers.at,
)  # fmt: skip
_GIVEN = select(*_ANSWER).where(among(_answers.account_id, "ids")).order_by(_answers.id)


def answers_of(
    session: Session, questions: Questions, known: Mapping[Subject, Mapping[str, Any]], *, now: datetime
) -> dict[Subject, dict[str, Any]]:
    """What each subject answered last to each question, where it still counts; `known` are their other facts."""
    if not questions or not known:
        return {}
    accounts = {subject.account_id for subject in known if subject.account_id is not None}
    rows = session.execute(_GIVEN, {"ids": list(accounts)})
    given: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        given[row.account_id].append(row)
    return {
        subject: _facts(subject, given[subject.account_id], questions, facts, now)
        for subject, facts in known.items()
        if subject.account_id in given
    }


def _facts(
    subject: Subject, given: Sequence[Any], questions: Questions, facts: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for row in given:
        if row.question in questions and _is_about(subject, row) and _counts(row, questions, subject, facts, now):
            said |= {row.question: row.choice, row.question + DATE: row.day, row.question + AT: row.at}
            if questions[row.question].scale and row.choice.isdecimal():
                said[row.question + SCORE] = int(row.choice)
    return said


def _is_about(subject: Subject, row: Any) -> bool:
    match subject.kind:
        case "contract":
            return bool(row.contract_id == subject.contract_id)
        case "contact":
            return bool(row.contact_id == subject.contact_id)
        case _:
            return True


def _counts(row: Any, questions: Questions, subject: Subject, facts: Mapping[str, Any], now: datetime) -> bool:
    """An old answer may say nothing any more; one about a contract speaks of the term in which it was given."""
    limit = questions[row.question].counts_for
    if limit is not None and row.at + limit.roughly < now:
        return False
    began = _term_began(facts, now) if subject.kind == "contract" else None
    return began is None or day_of(row.at, _zone(facts)) >= began


def _term_began(facts: Mapping[str, Any], now: datetime) -> date | None:
    starts_on = (facts.get("contract") or {}).get("starts_on")
    return starts_on if starts_on and starts_on <= day_of(now, _zone(facts)) else None


def _zone(facts: Mapping[str, Any]) -> Any:
    return first_zone((facts.get("account") or {}).get("time_zone"))
