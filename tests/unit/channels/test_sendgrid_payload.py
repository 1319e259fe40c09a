"""What goes to SendGrid: only what must, and nothing dangerous."""

from __future__ import annotations

import json

import pytest

from engage.channels.email.addresses import UnsendableError
from engage.channels.email.sendgrid.payload import payload
from tests.unit.channels.mails import an_email


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


@pytest.mark.parametrize("said", [{"subject": "a\r\nBcc: b"}, {"to_name": "a\nb"}, {"to_address": "山田@example.jp"}])
def test_what_the_helpers_let_through_is_refused(said: dict[str, str]) -> None:
    with pytest.raises(UnsendableError):
        payload(an_email(**said))


def test_names_may_hold_any_sign() -> None:
    said = json.loads(payload(an_email(to_name='Smith, "Bob" <x>')))
    assert said["personalizations"][0]["to"] == [{"email": "taro.yamada@example.co.jp", "name": 'Smith, "Bob" <x>'}]
