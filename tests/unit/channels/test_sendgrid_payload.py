"""What goes to SendGrid: valid by its documented schema, only what must, and nothing dangerous."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from engage.channels.email.addresses import UnsendableError
from engage.channels.email.senders import Sender
from engage.channels.email.sendgrid.payload import payload
from engage.notices.wording import Reader, mail_of
from tests.unit.channels.mails import an_email

SCHEMA = Draft202012Validator(json.loads(Path(__file__).with_name("sendgrid_mail_send.json").read_text("utf-8")))
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)

BODIES = st.text(st.characters(codec="utf-8"))


def a_notice() -> Any:
    """A mail to a colleague, as the notices make it."""

    class Notice:
        public_id, fence, about = "ntc_1", 1, None
        content = {"title": {"ja": "新しいリード", "en": "A new lead"}, "facts": [["plan", None]]}  # noqa: RUF012

    sender = Sender("Team", "team@example.com")
    return mail_of(
        Notice(),
        Reader("森 一郎", "mori@example.com", "ja", "Asia/Tokyo"),
        sender,
        now=datetime(2027, 4, 1, tzinfo=UTC),
    )


def test_the_payload_says_all_of_the_mail_and_no_more_of_the_person() -> None:
    email = an_email(cc=(("鈴木", "suzuki@example.co.jp"),))
    assert json.loads(payload(email)) == {
        "personalizations": [
            {
                "to": [{"email": "taro.yamada@example.co.jp", "name": "山田 太郎"}],
                "cc": [{"email": "suzuki@example.co.jp", "name": "鈴木"}],
            }
        ],
        "from": {"email": "hanako.sato@example.com", "name": "佐藤 花子"},
        "reply_to": {"email": "csm@example.com"},
        "subject": email.subject,
        "content": [{"type": "text/plain", "value": email.text}, {"type": "text/html", "value": email.html}],
        "headers": {
            "Message-ID": "<msg_0123456789@example.com>",
            "List-Unsubscribe": "<https://example.com/u/1>",
            "X-Engage-Message": "msg_0123456789",
        },
        "categories": ["kickoff"],
        "custom_args": {"engage_message_id": "msg_0123456789"},
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            "subscription_tracking": {"enable": False},
        },
    }


KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a mail from a CSM": ({}, {}),
    "from the team, without an address for replies": ({"from_name": "", "reply_to": None}, {}),
    "with copies": ({"cc": (("", "a@example.com"), ("鈴木", "b@example.com"))}, {}),
    "to a domain outside ASCII": ({"to_address": "taro@例え.jp"}, {}),
    "without words": ({"subject": "", "text": "", "html": ""}, {}),
    "on a topic with a group": ({"topic": "product"}, {"group": 12345}),
    "into the sandbox": ({}, {"sandbox": True}),
    "without headers and a playbook": ({"headers": (), "category": ""}, {}),
}


@pytest.mark.parametrize(("said", "set_"), KINDS.values(), ids=KINDS)
def test_every_kind_of_mail_is_valid_by_the_schema(said: dict[str, Any], set_: dict[str, Any]) -> None:
    SCHEMA.validate(json.loads(payload(an_email(**said), **set_)))


def test_a_colleagues_mail_is_valid_by_the_schema() -> None:
    SCHEMA.validate(json.loads(payload(a_notice())))


@given(subject=TEXTS, name=TEXTS, text=BODIES, html=BODIES)
def test_whatever_the_words_are_the_payload_is_valid(subject: str, name: str, text: str, html: str) -> None:
    said = json.loads(payload(an_email(subject=subject, from_name=name, to_name=name, text=text, html=html)))
    SCHEMA.validate(said)
    assert said["subject"] == (subject or " ")


@pytest.mark.parametrize(
    "change",
    [
        {"send_at": 1},
        {"subject": ""},
        {"personalizations": []},
        {"custom_args": {"engage_message_id": "msg_1", "name": "Yamada"}},
        {"headers": {"Subject": "x"}},
        {"headers": {"X-Note": "a\nb"}},
        {"categories": ["kickoff", "renewal"]},
    ],
)
def test_the_schema_can_say_no(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SCHEMA.validate(json.loads(payload(an_email())) | change)


def test_a_topics_group_and_the_sandbox_are_told_as_documented() -> None:
    said = json.loads(payload(an_email(topic="product"), group=12345, sandbox=True))
    assert said["asm"] == {"group_id": 12345}
    assert said["mail_settings"] == {"sandbox_mode": {"enable": True}}


@pytest.mark.parametrize("said", [{"subject": "a\r\nBcc: b"}, {"to_name": "a\nb"}, {"to_address": "山田@example.jp"}])
def test_what_the_helpers_let_through_is_refused(said: dict[str, str]) -> None:
    with pytest.raises(UnsendableError):
        payload(an_email(**said))


def test_names_may_hold_any_sign() -> None:
    said = json.loads(payload(an_email(to_name='Smith, "Bob" <x>')))
    assert said["personalizations"][0]["to"] == [{"email": "taro.yamada@example.co.jp", "name": 'Smith, "Bob" <x>'}]
