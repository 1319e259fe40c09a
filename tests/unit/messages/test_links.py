"""Signed links: what we made is read back, anything else is refused."""

from __future__ import annotations

import pytest

from engage.errors import NotFoundError
from engage.messages.links import Links

LINKS = Links("secret", "https://engage.example/")


def token_of(url: str) -> str:
    return url.rsplit("/", 1)[1]


def test_a_click_link_leads_to_what_was_signed() -> None:
    url = LINKS.click_url("msg_1", "https://x.example/日本?a=1&b=2 3")

    assert url.startswith("https://engage.example/click/")
    assert LINKS.read_click(token_of(url)) == ("msg_1", "https://x.example/日本?a=1&b=2 3")


def test_the_same_link_is_made_every_time() -> None:
    assert LINKS.unsubscribe_url("msg_1") == LINKS.unsubscribe_url("msg_1")
    assert LINKS.read_unsubscribe(token_of(LINKS.unsubscribe_url("msg_1"))) == "msg_1"


def test_no_changed_token_is_read() -> None:
    token = token_of(LINKS.unsubscribe_url("msg_1"))
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(NotFoundError, match="not one of ours"):
            LINKS.read_unsubscribe(changed)


@pytest.mark.parametrize("token", ["", "A", "x" * 22, "日本", "====", "a b", "../etc", "A" * 9_000, "\x00"])
def test_rubbish_is_refused(token: str) -> None:
    with pytest.raises(NotFoundError):
        LINKS.read_click(token)


def test_a_token_serves_one_use_and_one_secret() -> None:
    token = token_of(LINKS.unsubscribe_url("msg_1"))

    with pytest.raises(NotFoundError):
        LINKS.read_click(token)
    with pytest.raises(NotFoundError):
        Links("other", "https://engage.example").read_unsubscribe(token)


def test_an_answer_link_names_message_question_and_choice_and_serves_no_other_use() -> None:
    token = token_of(LINKS.answer_url("msg_1", "renewal_intent", "going_on"))

    assert LINKS.read_answer(token) == ("msg_1", "renewal_intent", "going_on")
    with pytest.raises(NotFoundError):
        LINKS.read_unsubscribe(token)
    with pytest.raises(NotFoundError):
        LINKS.read_answer(token_of(LINKS.unsubscribe_url("msg_1")))
