"""The answer page: looking changes nothing, confirming keeps the answer once, and what cannot be is refused."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from engage.db.session import Database
from engage.events.tables import Event
from engage.messages.tables import Click
from engage.surveys.tables import Answer
from tests.support.asking import Asking, ask


@pytest.fixture
def asking(database: Database, tmp_path: Path) -> Asking:
    return ask(database, tmp_path)


@pytest.fixture
def browser(asking: Asking) -> FlaskClient:
    return asking.app.test_client()


def kept(database: Database) -> list[tuple[int, str, date | None, str | None]]:
    with database.reading() as session:
        rows = session.scalars(select(Answer).order_by(Answer.id))
        return [(row.number, row.choice, row.day, row.comment) for row in rows]


def told(database: Database) -> list[dict[str, object]]:
    with database.reading() as session:
        return list(session.scalars(select(Event.properties).where(Event.name == "answered").order_by(Event.id)))


def test_looking_changes_nothing_and_says_whose_answer_it_is(asking: Asking, browser: FlaskClient) -> None:
    for _ in range(3):
        browser.head(asking.path())
    answer = browser.get(asking.path())
    page = answer.get_data(as_text=True)

    assert (answer.status_code, kept(asking.database), told(asking.database)) == (200, [], [])
    assert "株式会社青葉 ai•••@customer.example 様へのお伺いです" in page
    assert "aiko@" not in page
    assert page.count(" checked") == 1 and 'value="deciding" required checked' in page
    assert 'name="date.deciding" min="2026-11-17"' in page
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "script" not in page
    with asking.database.reading() as session:
        assert session.scalars(select(Click)).all() == []


def test_confirming_keeps_the_answer_and_tells_of_it(asking: Asking, browser: FlaskClient) -> None:
    said = {"choice": "deciding", "date.deciding": "2027-01-15", "comment": "稟議は\r\n1月です\x07", "number": "1"}
    answer = browser.post(asking.path(), data=said)
    page = answer.get_data(as_text=True)

    assert answer.status_code == 200
    assert "「社内で検討している」と承りました" in page and "お知らせいただいた日: 2027年1月15日(金)" in page
    assert kept(asking.database) == [(1, "deciding", date(2027, 1, 15), "稟議は\n1月です")]
    (event,) = told(asking.database)
    assert {name: event[name] for name in ("question", "answer", "date", "comment", "contract_id")} == {
        "question": "renewal_intent",
        "answer": "deciding",
        "date": "2027-01-15",
        "comment": "稟議は\n1月です",
        "contract_id": "aoba-1",
    }


def test_sent_again_it_is_the_same_answer(asking: Asking, browser: FlaskClient) -> None:
    said = {"choice": "want_to_talk", "number": "1"}
    for data in (said, said, {"choice": "want_to_talk"}, said | {"number": "2"}):
        assert browser.post(asking.path("want_to_talk"), data=data).status_code == 200

    assert kept(asking.database) == [(1, "want_to_talk", None, None)]
    assert len(told(asking.database)) == 1


def test_a_changed_mind_is_kept_beside_the_answer_before(asking: Asking, browser: FlaskClient) -> None:
    browser.post(asking.path("going_on"), data={"choice": "going_on", "number": "1"})
    page = browser.get(asking.path("not_going_on")).get_data(as_text=True)
    browser.post(asking.path("not_going_on"), data={"choice": "not_going_on", "number": "2"})
    browser.post(asking.path("going_on"), data={"choice": "going_on", "number": "1"})  # a reload of the first page

    assert "2026年11月16日(月)にご回答をいただいています" in page
    assert [choice for _, choice, _, _ in kept(asking.database)] == ["going_on", "not_going_on"]
    assert [event["answer"] for event in told(asking.database)] == ["going_on", "not_going_on"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("2026-11-16", "日付は明日以降の日をご記入ください"),
        ("2020-01-01", "日付は明日以降の日をご記入ください"),
        ("2027-02-30", "日付を読み取れませんでした"),
        ("soon", "日付を読み取れませんでした"),
        ("2099-01-01", "日付が先すぎます"),
        ("9" * 5000, "日付を読み取れませんでした"),
    ],
)
def test_an_impossible_or_past_date_is_said_clearly_and_nothing_is_kept(
    asking: Asking, browser: FlaskClient, written: str, words: str
) -> None:
    said = {"choice": "deciding", "date.deciding": written, "comment": "<b>稟議</b>"}
    answer = browser.post(asking.path(), data=said)
    page = answer.get_data(as_text=True)

    assert answer.status_code == 400
    assert words in page and "&lt;b&gt;稟議" in page and 'value="deciding" required checked' in page
    assert kept(asking.database) == []


@pytest.mark.parametrize("written", ["2027/1/15", "2027年1月15日", "令和9年1月15日", "２０２７－０１－１５"])
def test_a_date_is_read_as_people_write_it_where_the_browser_has_no_calendar(
    asking: Asking, browser: FlaskClient, written: str
) -> None:
    browser.post(asking.path(), data={"choice": "deciding", "date.deciding": written})

    assert [day for _, _, day, _ in kept(asking.database)] == [date(2027, 1, 15)]


def test_a_date_is_taken_only_with_the_choice_that_asks_for_it(asking: Asking, browser: FlaskClient) -> None:
    browser.post(asking.path(), data={"choice": "going_on", "date.deciding": "2020-01-01"})

    assert kept(asking.database) == [(1, "going_on", None, None)]


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_forged_link_is_refused_and_keeps_nothing(asking: Asking, browser: FlaskClient, method: str) -> None:
    path, other = asking.path(), asking.links.unsubscribe_url(asking.message_id).rpartition("/")[2]
    # Not the last sign: base64 leaves some of its bits out of account.
    swapped = path[:-5] + ("A" if path[-5] != "A" else "B") + path[-4:]
    unknown = asking.links.answer_url(asking.message_id, "renewal_intent", "perhaps").removeprefix(
        asking.links.public_url
    )
    for forged in (
        path[:-2],
        swapped,
        path + "A",
        "/survey/x",
        f"/survey/{other}",
        unknown,
        asking.path(message="sample"),
    ):
        answer = getattr(browser, method)(forged, data={"choice": "deciding"}, headers={"Accept-Language": "en"})
        assert answer.status_code == 404
        assert "This link does not work" in answer.get_data(as_text=True)
    assert kept(asking.database) == []


def test_an_old_question_is_closed(asking: Asking, browser: FlaskClient) -> None:
    asking.clock.move(timedelta(days=179))
    assert browser.get(asking.path()).status_code == 200
    asking.clock.move(timedelta(days=2))
    for answer in (browser.get(asking.path()), browser.post(asking.path(), data={"choice": "deciding"})):
        assert answer.status_code == 410
        assert "このお伺いへの受付は終わりました" in answer.get_data(as_text=True)
    assert kept(asking.database) == []


def test_a_colleague_cannot_answer_from_the_preview_of_a_mail_that_was_not_sent(
    asking: Asking, browser: FlaskClient
) -> None:
    asking.change(state="proposed", accepted_at=None, ended_at=None)
    for answer in (browser.get(asking.path()), browser.post(asking.path(), data={"choice": "deciding"})):
        assert answer.status_code == 409
    assert kept(asking.database) == []


@pytest.mark.parametrize("choice", ["", "perhaps", "going_on\x00"])
def test_no_choice_or_one_that_is_not_offered_is_refused(asking: Asking, browser: FlaskClient, choice: str) -> None:
    answer = browser.post(asking.path(), data={"choice": choice})

    assert answer.status_code == 400
    assert "選択肢を一つお選びください" in answer.get_data(as_text=True)
    assert kept(asking.database) == []


@pytest.mark.parametrize("choices", [("going_on", "going_on"), ("going_on", "not_going_on")])
def test_two_answers_at_once_are_one_after_the_other(asking: Asking, choices: tuple[str, str]) -> None:
    statuses: list[int] = []
    together = threading.Barrier(2)

    def press(choice: str) -> None:
        client = asking.app.test_client()
        together.wait()
        statuses.append(client.post(asking.path(choice), data={"choice": choice, "number": "1"}).status_code)

    threads = [threading.Thread(target=press, args=(choice,)) for choice in choices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200, 200]
    assert sorted(choice for _, choice, _, _ in kept(asking.database)) == sorted(set(choices))
    assert len(told(asking.database)) == len(set(choices))


def test_nothing_of_the_reader_gets_into_the_log(
    asking: Asking, browser: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", logger="engage"):
        browser.post(asking.path(), data={"choice": "deciding", "date.deciding": "x", "comment": "secret"})
        browser.post(asking.path(), data={"choice": "deciding", "comment": "secret"})

    assert caplog.text == ""
