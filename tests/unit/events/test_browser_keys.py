"""What a key that everybody can read may say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from engage.errors import InputError
from engage.events.browser_keys import admit_from_browser
from engage.events.parsing import ParsedMessage, parse_message

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
IN_ACME = {"groupId": "acme"}


def admitted(**said: Any) -> ParsedMessage:
    return admit_from_browser(parse_message({"userId": "aiko", **said}, received_at=NOW, sent_at=None))


@pytest.mark.parametrize(
    "said",
    [
        {"type": "track", "event": "report.made"},
        {"type": "track", "event": "task.created", "userId": None, "anonymousId": "b"},
        {"type": "page", "name": "Home"},
        {"type": "screen"},
        {"type": "identify", "anonymousId": "b"},
        {"type": "identify", "traits": {"locale": "ja", "timezone": "Asia/Tokyo"}},
    ],
)
def test_use_of_the_product_and_language_are_for_anybody_to_say(said: dict[str, Any]) -> None:
    assert said["type"] == admitted(**said).type


@pytest.mark.parametrize("kind", ["track", "page", "screen"])
def test_the_account_is_the_one_that_the_server_said(kind: str) -> None:
    message = admitted(type=kind, event="report.made", context=IN_ACME)

    assert (message.group_id, message.user_id) == (None, "aiko")


@pytest.mark.parametrize(
    "said",
    [
        {"type": "group", "groupId": "acme"},
        {"type": "alias", "previousId": "boss"},
        {"type": "identify", "context": IN_ACME},
        *({"type": "identify", "traits": {name: value}} for name, value in {
            "email": "a@example.jp", "roles": ["champion"], "is_staff": True, "name": "X", "has_left": True,
            "consents": {"news": True}, "merged_into": "x", "plan": "pro",
        }.items()),
        *({"type": "track", "event": name, "context": IN_ACME} for name in (
            "contract.updated", "contact.left", "contact.anything", "consent.granted", "consent.withdrawn",
            "kickoff.held", "handoff.done", "replied", "answered", "unsubscribed", "in_app.clicked",
            "approval.approved",
        )),
        {"type": "track", "event": "report.made", "userId": None, "context": IN_ACME},
    ],
)  # fmt: skip
def test_who_somebody_is_and_where_they_belong_is_not(said: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        admitted(**said)
    assert (
        caught.value.code, caught.value.hint,
    ) == ("not_for_browser_keys", "send it from your server, with a server key")  # fmt: skip
