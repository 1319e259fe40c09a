"""A question in the product: the mail's own, answered once, wherever its reader answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engage.channels.in_app.tables import InAppItem
from engage.db.session import Database
from engage.events.tables import Event
from engage.messages.answering import answer
from engage.messages.inbox_questions import show_questions
from engage.messages.tables import Message
from engage.releases.library import Library
from engage.surveys.tables import Answer
from engage.testing import MONDAY
from tests.integration.in_app.test_feed_api import FEED
from tests.support.asking import ask
from tests.support.site import installation, make_in_app_key, make_token, site


class Inbox:
    """Aiko's inbox; a mail with a question is on its way to her."""

    def __init__(self, database: Database, home: Path, key: str) -> None:
        self.asking, self.database = ask(database, home), database
        self.asking.change(inputs={"question": {"key": key}}, cc=[1])
        with database.transaction() as session:
            make_in_app_key(session)
            for _ in range(2):  # handed over again, it is shown once
                show_questions(session, Library(), session.scalars(select(Message)).all(), now=MONDAY)  # type: ignore[arg-type]
        self.client = site(installation(database, self.asking.clock, home)).test_client()
        self.key = key

    def call(self, path: str, body: Any = None, user: str = "aiko") -> Any:
        headers = {"Authorization": f"Bearer {make_token(user, self.asking.clock.now())}"}
        if body is None:
            return self.client.get(path, headers=headers)
        return self.client.post(path, json=body, headers=headers)

    def item(self) -> dict[str, Any]:
        (item,) = self.call(FEED).json["items"]
        return dict(item)

    def answer(self, **said: Any) -> Any:
        return self.call(f"/in-app/v1/items/{self.item()['id']}/answer", said)

    def kept(self) -> list[tuple[int, str, str | None]]:
        with self.database.reading() as session:
            return [tuple(row) for row in session.execute(select(Answer.number, Answer.choice, Answer.comment))]

    def told(self) -> list[str]:
        with self.database.reading() as session:
            return list(session.scalars(select(Event.name).order_by(Event.id)))


@pytest.fixture
def inbox(database: Database, tmp_path: Path) -> Inbox:
    return Inbox(database, tmp_path, "renewal_intent")


def test_an_answer_in_the_product_is_the_answer_of_the_mail_once(inbox: Inbox) -> None:
    asked = inbox.item()
    assert asked["title"].startswith("ご契約の更新について") and asked["read_at"] is None
    assert [choice["key"] for choice in asked["question"]["choices"]][:2] == ["going_on", "deciding"]
    said = {"choice": "deciding", "date": "2027-01-15", "comment": "稟議中です", "number": asked["question"]["number"]}
    first, again = inbox.answer(**said), inbox.answer(**said)

    assert (first.status_code, again.status_code) == (200, 200)
    assert inbox.kept() == [(1, "deciding", "稟議中です")] and inbox.told() == ["answered"]
    given = inbox.item()["question"]["given"]
    assert (given["choice"], given["date"], given["noted"][:11]) == ("deciding", "2027-01-15", "「社内で検討している」")
    assert inbox.item()["read_at"] is not None
    inbox.answer(choice="going_on", number=inbox.item()["question"]["number"])
    assert [choice for _, choice, _ in inbox.kept()] == ["deciding", "going_on"]


def test_who_answers_by_the_mail_finds_it_answered_in_the_product(inbox: Inbox) -> None:
    with inbox.database.transaction() as session:
        signed = (inbox.asking.message_id, "renewal_intent", "going_on")
        answer(session, Library(), signed, {"choice": "going_on", "own": "yes"}, now=MONDAY)

    assert inbox.item()["question"]["given"]["choice"] == "going_on"
    assert inbox.call(FEED).json["counts"] == {"unseen": 0, "unread": 0}


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({"choice": "perhaps"}, 400, "選択肢を一つ"),
        ({}, 400, "選択肢を一つ"),
        ({"choice": ["deciding"]}, 400, "選択肢を一つ"),
        ({"choice": "deciding", "date": "2020-01-01"}, 400, "明日以降"),
        ({"choice": "deciding", "date": "soon"}, 400, "読み取れません"),
    ],
)
def test_what_is_no_answer_is_refused_in_the_readers_words(
    inbox: Inbox, said: dict[str, Any], status: int, words: str
) -> None:
    refused = inbox.answer(**said)
    assert refused.status_code == status and words in refused.json["said"]
    assert inbox.kept() == []


def test_another_reader_a_closed_question_and_a_forgotten_one_take_no_answer(inbox: Inbox) -> None:
    path = f"/in-app/v1/items/{inbox.item()['id']}/answer"
    assert inbox.call(path, {"choice": "going_on"}, user="somebody-else").status_code == 404
    with inbox.database.transaction() as session:
        session.scalars(select(Message)).one().accepted_at = MONDAY.replace(year=2025)
    refused = inbox.answer(choice="going_on")

    assert (refused.status_code, refused.json["question"]["state"], inbox.kept()) == (409, "closed", [])
    inbox.asking.change(inputs={"question": {"key": "no_more"}})
    assert inbox.item()["question"] is None and inbox.answer(choice="going_on").status_code == 404


def test_a_number_of_a_scale_is_a_score(database: Database, tmp_path: Path) -> None:
    inbox = Inbox(database, tmp_path, "nps")
    scale = inbox.item()["question"]["scale"]
    inbox.answer(choice="9", number="1")
    with database.reading() as session:
        told = session.scalars(select(Event.properties)).one()
        until = session.scalars(select(InAppItem.expires_at)).one()

    assert scale == {"low": "薦めたくない", "high": "ぜひ薦めたい"} and told["score"] == 9
    assert until is not None and (until - MONDAY).days == 30
