"""Reports of servers: which message, which address, and whether the address is at fault."""

from __future__ import annotations

import pytest

from engage.channels.email.inbound.letter import read_letter
from engage.channels.email.inbound.reports import Report, read_report
from engage.ids import ids_in, new_id
from tests.support import letters
from tests.support.letters import AIKO

ID = "msg_0123456789abcdefghjk"


def read(raw: bytes, envelope_from: str | None = None) -> Report | None:
    return read_report(read_letter(raw), envelope_from=envelope_from)


FULL = "552 5.2.2 <aiko@customer.example>: Mailbox full"
POLICY = "550 5.7.1 Message rejected due to content restrictions"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (letters.postfix_report(ID), "bounced"),
        (letters.postfix_report(ID, status="5.0.0"), "bounced"),  # the diagnosis knows it better
        (letters.postfix_report(ID, status="5.2.2", said=FULL), "dropped"),
        (letters.postfix_report(ID, status="5.7.1", said=POLICY), "dropped"),
        (letters.postfix_report(ID, status="4.4.1", said="connect to mx: Connection timed out"), "dropped"),
        (letters.postfix_report(ID, status="4.4.1", said="connect: timed out", action="delayed"), "deferred"),
        (letters.postfix_report(ID, status="5.4.4", said="Host or domain name not found"), "bounced"),
        (letters.postfix_report(ID, status="2.0.0", said="250 2.0.0 ok", action="delivered"), "delivered"),
        (letters.postfix_report(ID, status="2.0.0", said="250 ok", action="relayed"), "processed"),
        (letters.exchange_report(ID), "bounced"),
        (letters.exchange_report(ID, status="5.7.133"), "dropped"),
        (letters.gmail_report(ID), "bounced"),
        (letters.gmail_report(ID, status="5.2.2", said="552-5.2.2 The recipient's inbox is out of storage"), "dropped"),
        (letters.qmail_bounce(ID), "bounced"),
        (letters.qmail_bounce(ID, said="554 delivery temporarily suspended: blocked by policy (#5.7.1)"), "dropped"),
        (letters.complaint(ID), "complained"),
    ],
)
def test_what_is_reported_about_whom(raw: bytes, kind: str) -> None:
    report = read(raw)
    assert report is not None
    assert report.message_id == ID
    (one,) = report.about
    assert (one.kind, one.addresses) == (kind, (AIKO,))
    assert one.reason


def test_a_report_names_where_the_mail_was_passed_on_to_as_well() -> None:
    raw = letters.postfix_report(ID).replace(
        f"Final-Recipient: rfc822; {AIKO}".encode(), b"Final-Recipient: rfc822; aiko@old.example"
    )
    report = read(raw)
    assert report is not None
    assert report.about[0].addresses == (AIKO, "aiko@old.example")


def test_a_report_without_our_id_is_about_no_message() -> None:
    report = read(letters.postfix_report("somebody-elses"))
    assert report is not None
    assert report.message_id is None


def test_words_of_a_bounce_count_only_from_a_mail_system() -> None:
    raw = letters.qmail_bounce(ID)
    from_a_person = raw.replace(b"Return-Path: <>\r\n", b"").replace(b"MAILER-DAEMON@mail", b"kato@mail")
    assert read(from_a_person) is None
    assert read(from_a_person, envelope_from="") is not None


@pytest.mark.parametrize(
    "raw", [letters.letter("x"), letters.letter("x", answers=f"{ID}@engage.example"), b"", b"\xff"]
)
def test_what_is_no_report_is_none(raw: bytes) -> None:
    assert read(raw) is None


def test_our_ids_are_found_wherever_they_stand() -> None:
    made = new_id("msg")
    said = f"<{made}.1@engage.example> bounces+{made}@x https://x/{ID}/{made} amsg_0123456789abcdefghjk msg_short"
    assert ids_in(said, "msg") == [made, ID]
