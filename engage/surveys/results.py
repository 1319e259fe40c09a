"""What was answered to each question, counted: whoever answered more than once counts with the newest answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engage.customers.tables import Account
from engage.language.questions import Questions
from engage.language.words import Text
from engage.surveys.net_promoters import NetPromoters, net_promoters
from engage.surveys.tables import Answer


@dataclass(frozen=True, slots=True)
class Counted:
    """One choice and how many chose it."""

    choice: str
    text: Text | None  # None: the choice was declared once, and is not any more
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Result:
    """One question: how many answered, how many answers there are with those that were changed."""

    question: str
    text: Text | None
    answered: int
    answers: int
    choices: tuple[Counted, ...]
    net: NetPromoters | None = None  # where the question is one from 0 to 10


def count_answers(session: Session, questions: Questions, *, since: datetime | None = None) -> list[Result]:
    """Every question that is asked or was answered; test accounts are left out."""
    columns = (Answer.question, Answer.choice, Answer.account_id, Answer.contract_id, Answer.contact_id)
    rows = select(*columns).join(Account, Account.id == Answer.account_id).where(Account.is_test.is_(False))
    if since is not None:
        rows = rows.where(Answer.at >= since)
    newest: dict[str, dict[Any, str]] = {key: {} for key in questions}
    given: Counter[str] = Counter()
    for question, choice, account_id, contract_id, contact_id in session.execute(rows.order_by(Answer.id)):
        about = ("contract", contract_id) if contract_id is not None else (account_id, contact_id)
        newest.setdefault(question, {})[about] = choice
        given[question] += 1
    return [_result(key, questions, Counter(chosen.values()), given[key]) for key, chosen in newest.items()]


def _result(key: str, questions: Questions, chosen: Counter[str], answers: int) -> Result:
    question = questions.get(key)
    choices = dict(question.choices) if question else {}
    total = sum(chosen.values())
    names = [*choices, *sorted(chosen.keys() - choices.keys())]
    counted = tuple(
        Counted(name, choices[name].text if name in choices else None, chosen[name], _share(chosen[name], total))
        for name in names
    )
    return Result(key, question.text if question else None, total, answers, counted, net_promoters(question, chosen))


def _share(count: int, total: int) -> float:
    return round(count / total, 4) if total else 0.0
