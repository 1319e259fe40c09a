"""Replies are signals: once, matched, told, and acted on by a person; nothing is ever answered by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engage.channels.email.sendgrid.payload import payload
from engage.db.session import Database
from engage.language.defaults import Defaults
from engage.messages.inbound.tables import InboundEmail
from engage.messages.inbound.taking import MOST_KEPT
from engage.releases.library import Library
from engage.tasks.raising import finish_task
from engage.tasks.tables import Task
from engage.testing import make_account, make_contact, make_staff
from tests.integration.messages.inbound.office import ANN, Office, answer_to
from tests.support.letters import letter, word

QUOTED = "\n\n2026年11月24日(火) 10:15 Sato <sato@engage.example>:\n\n> Hello\n"


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office(database, tmp_path)


def test_a_reply_stops_the_reminder_and_asks_the_owner_to_answer(office: Office) -> None:
    sent = office.start()
    text = "佐藤様\n\n①来月でお願いします。㈱青葉 髙橋" + QUOTED
    assert office.arrives(answer_to(sent, text, charset="ISO-2022-JP", subject=word("Re: ご案内①", "iso-2022-jp"))) == 1

    mail = office.mail()
    own = "佐藤様\n\n①来月でお願いします。㈱青葉 髙橋"
    assert (mail.kind, mail.matched_by, mail.subject, mail.text) == ("reply", "id", "Re: ご案内①", own)
    assert (mail.contact_id, mail.account_id) == (office.ann.id, office.account.id)
    (event,) = office.events("replied")
    said = event.properties
    assert (event.contact_id, said["message_id"], said["excerpt"], said["playbook"]) == (
        office.ann.id, sent.message_id, own, "tale",
    )  # fmt: skip
    (task,) = office.rows(Task)
    assert (task.reason, task.staff_id, task.title["ja"]) == (
        "customer_reply", office.sato.id, "お客様の返信に応える:「Re: ご案内①」",
    )  # fmt: skip
    assert task.note["ja"] == f"Ann Smith様より\n{own}"
    office.until(11, 20)
    assert office.send() == []
    assert office.runs() == [("tale", "done", "completed")]


def test_a_reply_finds_its_message_by_the_id_that_sendgrid_got_or_by_the_address_it_came_to(office: Office) -> None:
    office.library = Library(Defaults(reply_address="replies+{id}@replies.sample.example"))
    sent = office.start()
    posted = json.loads(payload(sent))
    header_id, answered = posted["headers"]["Message-ID"], posted["reply_to"]["email"]
    assert sent.message_id in header_id and sent.message_id in answered

    in_thread = answer_to(sent, "One", answers=header_id.strip("<>"), to="sato@sample.example")
    alone = letter("Two", sender=ANN, to=answered, subject="Hello", header_id="reply-2@customer.example")
    assert office.arrives(in_thread, alone) == 2
    assert [event.properties["message_id"] for event in office.events("replied")] == [sent.message_id] * 2
    assert {mail.matched_by for mail in office.rows(InboundEmail)} == {"id"}


def test_without_a_reply_the_reminder_goes(office: Office) -> None:
    office.start()
    office.until(11, 20)
    assert len(office.send()) == 1


def test_a_mail_is_taken_once_whichever_door_it_comes_through(office: Office) -> None:
    raw = answer_to(office.start())
    assert [office.arrives(raw), office.arrives(raw, door="sendgrid"), office.arrives(raw, raw)] == [1, 0, 0]
    assert (len(office.events("replied")), len(office.work())) == (1, 1)


def test_a_task_of_the_playbook_takes_the_place_of_the_general_one(database: Database, tmp_path: Path) -> None:
    steps = """
    - email: greeting/hello
    - wait: {for: replied, up_to: 3 days}
    - task: {title: {ja: 返信に応える, en: Act on it}, note: {ja: 大切, en: It matters}, to: csm}
      if: waited.happened == true
    """
    office = Office(database, tmp_path, steps=steps)
    office.arrives(answer_to(office.start(), "Yes, please."))
    assert office.work() == [
        ("customer_reply", "done", "From Ann Smith\nYes, please."),
        ("step", "open", "It matters\n“Yes, please.”"),
    ]


def test_what_a_colleague_has_done_already_is_not_undone(office: Office) -> None:
    office.arrives(answer_to(office.start()))
    (task,) = office.rows(Task)
    with office.database.transaction() as session:
        finish_task(session, task.public_id, by="sato", outcome="called", now=office.now)
    office.run(days=1)
    assert office.rows(Task, Task.outcome) == ["called"]


@pytest.mark.parametrize(
    ("sender", "who"),
    [
        ("Ben Smith <ben@customer.example>", "ben"),  # who had a copy, or to whom it was passed on
        ("Boss <boss@customer.example>", None),  # nobody whom we know: named as they call themselves
        ("ANN@Customer.example", "ann"),
    ],
)
def test_whoever_answers_is_named_as_who_they_are(office: Office, sender: str, who: str | None) -> None:
    office.arrives(answer_to(office.start(), "Yes.", sender=sender))
    mail, (event,) = office.mail(), office.events("replied")
    expected = getattr(office, who).id if who else None
    assert (mail.contact_id, event.contact_id, mail.account_id) == (expected, expected, office.account.id)
    name = {"ben": "Ben Smith", "ann": "Ann Smith", None: "Boss"}[who]
    assert office.work()[0][2] == f"From {name}\nYes."
    office.until(11, 20)
    assert office.send() == [], "somebody there has answered"


def test_a_colleagues_answer_ends_the_wait_of_a_run_about_the_addressee(database: Database, tmp_path: Path) -> None:
    office = Office(database, tmp_path, subject="contact")
    office.arrives(answer_to(office.start(), sender="Boss <ben@customer.example>"))
    office.until(11, 20)
    assert office.send() == []


def test_a_reply_to_something_else_does_not_end_the_wait_about_another_person(
    database: Database, tmp_path: Path
) -> None:
    office = Office(database, tmp_path, subject="contact")
    office.start()
    office.arrives(letter("Other matter.", sender="ben@customer.example", subject="Invoice"))
    office.until(11, 20)
    assert len(office.send()) == 1


def test_an_answer_further_down_the_thread_is_matched_by_it(office: Office) -> None:
    first = answer_to(office.start(), header_id="one@customer.example")
    second = letter(
        "And one more thing.", sender="x@elsewhere.example", answers="one@customer.example", header_id="two@x"
    )
    third = letter("Me, too.", sender=ANN, answers="two@x", header_id="three@x")
    assert office.arrives(first, second, third) == 3
    assert [(event.properties["matched_by"], event.contact_id) for event in office.events("replied")] == [
        ("id", office.ann.id),
        ("thread", None),
        ("thread", office.ann.id),
    ]


def test_a_mail_that_answers_nothing_is_matched_by_its_writers_address(office: Office) -> None:
    office.start()
    office.arrives(letter("I have a question.", sender=f"A <{ANN}>", subject="Question"))
    mail = office.mail()
    assert (mail.kind, mail.matched_by, mail.message_id, mail.account_id) == (
        "reply",
        "address",
        None,
        office.account.id,
    )
    office.until(11, 20)
    assert office.send() == [], "they are in contact with us: no reminder"


def test_of_several_customers_the_one_we_wrote_to_last_is_meant(office: Office) -> None:
    with office.database.transaction() as session:
        make_contact(session, make_account(session, "beta"), "ann-at-beta", email=ANN)
    office.start()
    office.arrives(letter("Hello", sender=ANN, subject="Question"))
    assert (office.mail().account_id, office.mail().contact_id) == (office.account.id, office.ann.id)


@pytest.mark.parametrize(
    ("sender", "headers", "meaning"),
    [
        ("stranger@nowhere.example", {}, "unmatched"),
        ("sato@engage.example", {}, "colleague"),
        (ANN, {"X-Engage-Message": "msg_0123456789abcdefghjk"}, "ours"),
        ("", {}, "unmatched"),
    ],
)
def test_what_is_no_customers_reply_is_kept_and_does_nothing(
    office: Office, sender: str, headers: dict[str, str], meaning: str
) -> None:
    office.start()
    assert office.arrives(letter("x", sender=sender, headers=headers)) == 1
    assert (office.mail().kind, office.mail().meaning) == ("other", meaning)
    assert (office.events("replied"), office.work()) == ([], [])


def test_a_mail_loop_and_a_flood_end_and_are_told(office: Office) -> None:
    sent = office.start()
    raws = [answer_to(sent, f"Ticket {n}", header_id=f"n{n}@x") for n in range(30)]
    assert office.arrives(*raws) == 30
    assert len(office.events("replied")) == 20
    assert office.mail().meaning == "flood"
    assert len(office.raws()) == 20
    floods = [task for task in office.rows(Task) if task.reason == "inbound_flood"]
    assert [(task.role, task.title["en"]) for task in floods] == [("cs_ops", f"Too much mail comes from {ANN}")]
    office.run(days=2)
    office.arrives(answer_to(sent, "A word by hand.", header_id="later@x"))
    assert len(office.events("replied")) == 21


def test_only_the_beginning_of_a_huge_mail_is_kept(office: Office) -> None:
    raw = answer_to(office.start(), "Short.\n\n> " + "x" * 3_000_000)
    office.arrives(raw)
    (kept,) = office.raws()
    assert (kept.size, len(kept.raw), office.mail().text) == (len(raw), MOST_KEPT, "Short.")


def test_a_mail_that_nobody_can_understand_stops_no_other(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = office.start()
    odd = b"From: a@x.example\r\nSubject: \x00\xff=?utf-8?Q?=00?=\r\nMessage-ID: <\x00>\r\n\r\n\x00\xff"
    assert office.arrives(odd, b"", b"\r\n\r\n", answer_to(sent)) == 4
    assert office.mail().kind == "reply"


def test_nobody_is_ever_answered(office: Office) -> None:
    sent = office.start()
    office.arrives(
        answer_to(sent),
        letter("x", sender="s@nowhere.example"),
        letter("Out", headers={"Auto-Submitted": "auto-replied"}),
    )
    assert office.send() == []


def test_a_reply_of_a_customer_who_is_a_colleagues_namesake_is_not_lost(office: Office) -> None:
    with office.database.transaction() as session:
        make_staff(session, "ann@engage.example")
    office.arrives(answer_to(office.start()))
    assert office.mail().kind == "reply"
