"""A mailbox read by the worker: from where it was, across crashes, renumberings and days when it is down."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engage.channels.email.mailbox import Mailbox
from engage.channels.email.recording import RecordingChannel
from engage.channels.email.smtp.channel import SmtpChannel
from engage.channels.email.smtp.connection import SmtpServer
from engage.db.session import Database
from engage.messages.delivering import deliver
from engage.messages.inbound import reading
from engage.messages.inbound.reading import LONGEST_REST, read_mailbox
from engage.messages.inbound.tables import InboundEmail, MailboxState
from engage.worker.rounds import Parts, Rounds
from tests.integration.messages.inbound.office import LINKS, Office, answer_to
from tests.servers.running import Running, imap_box, smtp_sink
from tests.support import letters
from tests.support.letters import letter


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office(database, tmp_path)


@pytest.fixture
def box(tmp_path: Path) -> Path:
    (tmp_path / "box").mkdir()
    return tmp_path / "box"


@pytest.fixture
def server(box: Path, tmp_path: Path) -> Iterator[Running]:
    with imap_box(box, tmp_path / "log") as running:
        yield running


def at(server: Running, password: str = "geheim") -> Mailbox:
    return Mailbox("127.0.0.1", server.port, "box", password, tls="never")


def put(office: Office, box: Path, uid: int, raw: bytes) -> None:
    (box / f"{uid}.eml").write_bytes(raw)
    os.utime(box / f"{uid}.eml", (office.now.timestamp(),) * 2)


def read(office: Office, mailbox: Mailbox) -> int:
    return read_mailbox(office.database, office.library, mailbox, office.clock)


def state(office: Office) -> Any:
    with office.database.reading() as session:
        return session.scalars(select(MailboxState)).one()


def test_what_comes_into_a_mailbox_is_taken_in_once_by_the_worker(office: Office, box: Path, server: Running) -> None:
    sent = office.start()
    put(
        office,
        box,
        5,
        b"Return-Path: <ann@customer.example>\r\nDelivered-To: replies@sample.example\r\n" + answer_to(sent),
    )
    parts = Parts(office.database, office.library, LINKS, office.clock, RecordingChannel(), mailboxes=(at(server),))
    rounds = Rounds(parts)
    assert [rounds.run("mailboxes"), rounds.run("mailboxes")] == [1, 0]
    put(office, box, 6, answer_to(sent, header_id="two@x"))
    assert rounds.run("mailboxes") == 0, "not again within a minute"
    office.clock.move(timedelta(minutes=1))
    assert rounds.run("mailboxes") == 1
    assert [mail.kind for mail in office.rows(InboundEmail)] == ["reply", "reply"]
    assert (state(office).name, state(office).uid, state(office).problem) == ("box@127.0.0.1/INBOX", 6, None)


def test_a_crash_before_the_commit_loses_nothing_and_doubles_nothing(
    office: Office, box: Path, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(office, box, 1, answer_to(office.start()))

    def crash(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(reading, "_note_place", crash)
        with pytest.raises(KeyboardInterrupt):
            read(office, at(server))
    assert office.rows(InboundEmail) == []
    assert [read(office, at(server)), read(office, at(server))] == [1, 0]


def test_a_mailbox_that_was_numbered_anew_is_read_again_and_nothing_is_taken_twice(
    office: Office, box: Path, server: Running
) -> None:
    sent = office.start()
    put(office, box, 900, answer_to(sent))
    assert read(office, at(server)) == 1
    (box / "900.eml").rename(box / "1.eml")
    (box / "validity").write_text("2")
    put(office, box, 2, answer_to(sent, header_id="two@x"))
    assert read(office, at(server)) == 1
    assert (state(office).validity, state(office).uid) == (2, 2)


def test_more_than_a_piece_is_read_in_one_round(office: Office, box: Path, server: Running) -> None:
    for uid in range(1, 62):
        put(office, box, uid, letter("x", sender=f"s{uid}@nowhere.example", header_id=f"{uid}@x"))
    assert read(office, at(server)) == 61


def test_a_mailbox_that_is_down_is_asked_less_and_less_often_and_comes_back(
    office: Office, box: Path, server: Running
) -> None:
    put(office, box, 1, answer_to(office.start()))
    began = office.now
    assert read(office, at(server, "wrong")) == 0
    assert (state(office).failures, state(office).rest_until) == (1, began + timedelta(minutes=2))
    assert "login is refused" in state(office).problem
    asked = len(server.lines())
    assert read(office, at(server)) == 0, "it rests"
    assert len(server.lines()) == asked
    for _ in range(9):
        office.clock.move(LONGEST_REST)
        read(office, at(server, "wrong"))
    assert (state(office).failures, state(office).failing_since) == (10, began)
    assert state(office).rest_until == office.now + LONGEST_REST
    office.clock.move(LONGEST_REST)
    assert read(office, at(server)) == 1
    assert (state(office).failures, state(office).problem, state(office).failing_since) == (0, None, None)


def test_an_answer_to_the_very_mail_that_left_finds_its_way_back(
    office: Office, box: Path, server: Running, tmp_path: Path
) -> None:
    office.say("product.opened", by=office.ann)
    office.run()
    (tmp_path / "kept").mkdir()
    with smtp_sink(tmp_path / "smtp", "--keep", str(tmp_path / "kept")) as sink:
        channel = SmtpChannel(SmtpServer("127.0.0.1", sink.port), bounces="bounces+{id}@mail.sample.example")
        deliver(office.database, office.library, channel, LINKS, office.clock)
        channel.close()
    office.run()
    left = message_from_bytes((tmp_path / "kept" / "1.eml").read_bytes())
    answer = letter("Yes.", sender=left["To"], answers=left["Message-ID"].strip("<>"), subject=f"Re: {left['Subject']}")
    put(office, box, 1, answer)
    put(office, box, 2, letters.postfix_report(left["X-Engage-Message"], to=parseaddr(left["To"])[1]))
    assert read(office, at(server)) == 2
    assert [(mail.kind, mail.matched_by) for mail in office.rows(InboundEmail)] == [("reply", "id"), ("bounce", "id")]
