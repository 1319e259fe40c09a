"""A mail as the receiving server sees it: the same headers over every channel, each as it has to be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engage.channels.base import Accepted, OutboundEmail
from engage.channels.email.outbox.channel import OutboxChannel
from engage.channels.email.sendgrid.payload import payload
from engage.channels.email.smtp.channel import SmtpChannel
from engage.channels.email.smtp.connection import SmtpServer
from engage.language.vocabulary import Company
from engage.messages.envelope import Correspondents, NoSenderError
from engage.messages.links import Links
from engage.messages.rendering import RenderedEmail
from engage.staff.tables import StaffMember
from engage.testing import MONDAY
from tests.servers.running import smtp_sink

LINKS = Links("secret", "https://go.sample.example")
ROW: dict[str, Any] = {
    "id": 9, "public_id": "msg_third", "contact_id": 1, "locale": "ja", "sender_staff_id": 7, "playbook_key": "renewal",
    "origin": "enrolment", "topic": "product", "purpose": "relationship", "address": "aiko@customer.example",
    "mail_id": None,
}  # fmt: skip
EARLIER = ("<msg_first@mail.sample.example>", "<msg_second@mail.sample.example>")
UNSUBSCRIBE = f"<{LINKS.unsubscribe_url('msg_third')}>"
MACHINES = {
    "Message-ID": "<msg_third@mail.sample.example>",
    "Auto-Submitted": "auto-generated",
    "Feedback-ID": "renewal:product:relationship:engage",
    "List-Id": "<product.mail.sample.example>",
    "List-Unsubscribe": UNSUBSCRIBE,
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "In-Reply-To": EARLIER[1],
    "References": " ".join(EARLIER),
    "X-Engage-Message": "msg_third",
}
READABLE = ("From", "Reply-To", "To", "Subject", "Date", "MIME-Version", "Content-Type")


def mail(
    *,
    copies: tuple[int, ...] = (),
    staff: str = "hanako@aoba.example",
    team: str = "team@sample.example",
    answered: str = "",
    **said: Any,
) -> OutboundEmail:
    hanako = StaffMember(id=7, email=staff, family_name="佐藤", given_name="花子", names={})
    reader = {"family_name": "山田", "given_name": "愛子", "full_name": None}
    people = Correspondents(
        readers={
            key: SimpleNamespace(email=f"{name}@customer.example", **reader) for key, name in ((1, "aiko"), (2, "ben"))
        },
        staff={7: hanako},
        company=Company.model_validate({"name": "Sample", "team": {"name": "Team", "email": team}}),
        domains=("mail.sample.example",),
        reply_address=answered,
        threads={9: EARLIER},
    )
    words = RenderedEmail("ご契約更新のご案内", "<p>山田 様</p>", "山田 様", "sha")
    return people.outbound(SimpleNamespace(**(ROW | said)), words, copies=copies, attempt=1, links=LINKS, now=MONDAY)


def arrived(email: OutboundEmail, folder: Path) -> EmailMessage:
    """The mail as a real SMTP server got it."""
    folder.mkdir()
    with smtp_sink(folder / "log", "--keep", str(folder)) as sink:
        channel = SmtpChannel(SmtpServer("127.0.0.1", sink.port))
        (outcome,) = channel.send([email])
        channel.close()
    assert isinstance(outcome, Accepted)
    parsed = message_from_bytes((folder / "1.eml").read_bytes(), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def of_machines(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: str(value) for name, value in headers.items() if name not in READABLE}


def test_a_receiving_server_gets_every_header_and_the_same_over_every_channel(tmp_path: Path) -> None:
    email = mail()
    over_smtp = arrived(email, tmp_path / "smtp")
    OutboxChannel(tmp_path / "outbox").send([email])
    kept = message_from_bytes((tmp_path / "outbox" / "msg_third.eml").read_bytes(), policy=policy.default)
    posted = json.loads(payload(email))

    assert of_machines(over_smtp) == MACHINES
    assert over_smtp["From"] == "佐藤 花子 <hanako@mail.sample.example>"
    assert over_smtp["Reply-To"] == "hanako@aoba.example"
    assert over_smtp["To"] == "山田 愛子 <aiko@customer.example>"
    assert over_smtp["Subject"] == "ご契約更新のご案内"
    assert {name: str(value) for name, value in kept.items()} == {n: str(v) for n, v in over_smtp.items()}
    assert posted["headers"] == MACHINES
    assert posted["from"] == {"email": "hanako@mail.sample.example", "name": "佐藤 花子"}
    assert posted["reply_to"] == {"email": "hanako@aoba.example"}


def test_sendgrid_is_given_no_header_that_it_keeps_for_itself() -> None:
    kept = "x-sg-id x-sg-eid received dkim-signature content-type content-transfer-encoding to from subject reply-to cc"

    assert {name.lower() for name in json.loads(payload(mail()))["headers"]}.isdisjoint([*kept.split(), "bcc"])


@pytest.mark.parametrize(
    ("said", "without"),
    [
        ({"purpose": "transactional"}, {"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"}),
        ({"copies": (2,)}, {"List-Unsubscribe-Post"}),
        ({"topic": ""}, {"List-Id"}),
        ({"id": 1}, {"In-Reply-To", "References"}),
    ],
)
def test_a_mail_says_no_more_than_is_true_of_it(said: dict[str, Any], without: set[str]) -> None:
    headers = dict(mail(**said).headers)

    assert {*headers, "Message-ID", "X-Engage-Message"} == set(MACHINES) - without
    assert all("Precedence" not in name for name in headers)


@pytest.mark.parametrize(
    ("answered", "reply_to"),
    [
        ("replies+{id}@replies.sample.example", "replies+msg_third@replies.sample.example"),
        ("replies@sample.example", "replies@sample.example"),
        ("", "hanako@aoba.example"),
    ],
)
def test_answers_reach_the_address_that_is_read_whoever_writes(answered: str, reply_to: str) -> None:
    email = mail(answered=answered)

    assert (email.reply_to, email.from_address) == (reply_to, "hanako@mail.sample.example")


def test_a_message_id_that_was_chosen_once_stays() -> None:
    assert mail(mail_id="<msg_third@old.example>").mail_id == "<msg_third@old.example>"


def test_nobody_is_written_to_from_an_address_that_nobody_reads() -> None:
    assert mail(staff="no-reply@mail.sample.example").from_address == "team@mail.sample.example"
    with pytest.raises(NoSenderError, match="neither a person nor the team"):
        mail(staff="no-reply@mail.sample.example", team="noreply@sample.example")
