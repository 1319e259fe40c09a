"""A letter says the same in both languages, by mail and in Slack, and no more than its channel may show."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.notices.letter_mail import page_as_html, page_as_text
from engage.notices.letters import Page, Reading, page_of
from engage.notices.slack import LONGEST_TEXT, MOST_BLOCKS, bounded, disarmed, message_of
from engage.notices.telling import content_of, section_of
from engage.notices.words import WORDS
from engage.staff.reaching import NEWS

JA = Reading("佐藤 花子", "ja", "Asia/Tokyo")
EN = Reading("Hanako Sato", "en", "Asia/Tokyo")
IN_SLACK: dict[str, Any] = {"with_words": False, "may_decide": False}
DECIDE = "https://engage.example/decide/token"
APPROVAL = {
    "id": "apr_1",
    "account": "株式会社青葉",
    "playbook": {"ja": "契約更新", "en": "Renewal"},
    "subject": "山田様へ",
    "opening": "先日はありがとうございました。",
    "due": "2026-11-18T01:00:00+00:00",
    "then": "second",
    "second": {"ja": "鈴木 一郎", "en": "Ichiro Suzuki"},
    "instead_of": None,
    "decide": DECIDE,
    "console": "https://engage.example/console/approvals/apr_1",
}
TASK = {
    "id": "task_1",
    "account": "Acme",
    "title": {"ja": "電話する", "en": "Call them"},
    "note": {"ja": "解約のご意向", "en": "They want to leave"},
    "due": "2026-11-18T01:00:00+00:00",
    "is_late": True,
    "instead_of": {"ja": "鈴木 一郎", "en": "Ichiro Suzuki"},
    "console": "https://engage.example/console/tasks#task_1",
}


def letter(about: str, reading: Reading, name: str, *items: dict[str, Any], count: int | None = None) -> Page:
    section = section_of(name, items, count=count or len(items), url="https://engage.example/console/list")
    return page_of(content_of("https://engage.example", section), about, reading)


def test_a_mail_says_whose_message_it_is_what_it_says_by_when_and_what_happens_then() -> None:
    page = letter("approval_asked", JA, "approvals", APPROVAL)
    text = page_as_text(page)

    assert page.subject == "【承認のお願い】株式会社青葉 / 山田様へ"
    for said in (
        "佐藤 花子さん", "プレイブック: 契約更新", "件名: 山田様へ", "書き出し: 先日はありがとうございました。",
        "期限: 2026年11月18日(水) 10:00", "鈴木 一郎さんに引き継がれます", f"確認して承認する: {DECIDE}\n",
        f"送らない: {DECIDE}?answer=no", "転送しないでください",
    ):  # fmt: skip
        assert said in text
        assert said.strip().partition(": ")[2] in page_as_html(page)


def test_it_speaks_the_readers_language() -> None:
    text = page_as_text(letter("approval_escalated", EN, "approvals", APPROVAL))

    assert "Hello Hanako Sato," in text and "Playbook: Renewal" in text
    assert "Decide by: Wed 18 Nov 2026, 10:00" in text and "Ichiro Suzuki is asked." in text


def test_many_are_one_letter_with_the_number_and_the_list() -> None:
    page = letter("approval_asked", EN, "approvals", *[APPROVAL] * 5, count=300)
    text = page_as_text(page)

    assert page.subject == "300 messages wait for your approval"
    assert text.count("Look and approve") == 5 and "295 more" in text
    assert "Open the list: https://engage.example/console/list" in text


def test_a_task_says_for_whom_one_stands_in_and_that_it_is_late() -> None:
    text = page_as_text(letter("task_overdue", EN, "tasks", TASK))

    assert "Standing in for: Ichiro Suzuki" in text and "Wed 18 Nov 2026, 10:00 (overdue)" in text
    assert "They want to leave" in text


def test_a_digest_names_what_there_is_in_its_subject() -> None:
    sections = [
        section_of("approvals", [APPROVAL], count=3, url="https://engage.example/a"),
        section_of("replies", [{"what": "replied", "account": "Acme", "contact": "Ann", "at": TASK["due"]}], count=1),
        section_of("sent", [{"account": "Acme", "playbooks": [(APPROVAL["playbook"], 2)]}], count=2, rest=0),
        section_of("doubts", [{"what": "unknowns", "count": 4}], count=4, rest=0),
    ]
    page = page_of(content_of("https://engage.example", *sections), "digest", EN)
    text = page_as_text(page)

    assert page.subject == "Your day: 3 to decide, 1 replied, 2 sent, 4 to check"
    assert "2 more" in text and "Acme / Ann / Replied" in text and "Sent: Renewal: 2" in text
    assert "4 messages may or may not have gone" in text


def test_slack_shows_no_words_to_customers_and_a_shared_channel_lets_nobody_decide() -> None:
    shared = Reading("Hanako Sato", "en", "Asia/Tokyo", **IN_SLACK)
    said = json.dumps(message_of(letter("approval_asked", shared, "approvals", APPROVAL), reader="for Hanako Sato"))
    own = Reading("Hanako Sato", "en", "Asia/Tokyo", with_words=False)
    to_own = json.dumps(message_of(letter("approval_asked", own, "approvals", APPROVAL), reader=""))

    for secret in ("山田", "先日"):
        assert json.dumps(secret)[1:-1] not in said + to_own
    assert DECIDE not in said and DECIDE in to_own
    assert "for Hanako Sato" in said and "/console/approvals/apr_1" in said


def test_a_name_pings_nobody_in_slack() -> None:
    ringing = {
        **APPROVAL,
        "account": "<!channel> & <https://evil.example|Acme>",
        "playbook": {"ja": "<@U1>", "en": "<@U1>"},
    }
    own = Reading("x", "en", "UTC", with_words=False)
    message = message_of(letter("approval_asked", own, "approvals", ringing), reader="")
    texts = [block["text"]["text"] for block in message["blocks"] if "text" in block] + [message["text"]]

    assert any("&lt;!channel&gt; &amp; &lt;https" in text for text in texts)
    assert not any(sign in text for text in texts for sign in "<>")
    assert all(block["text"]["verbatim"] for block in message["blocks"] if block["type"] == "section")


@given(st.lists(st.text(min_size=1, max_size=4000), min_size=1, max_size=60))
def test_slack_takes_whatever_customers_are_called(names: list[str]) -> None:
    items = [{**APPROVAL, "account": name, "playbook": {"ja": name, "en": name}} for name in names]
    message = message_of(letter("approval_asked", EN, "approvals", *items, count=5000), reader="for somebody")

    assert len(message["blocks"]) <= MOST_BLOCKS
    for block in message["blocks"]:
        if block["type"] == "section":
            assert 0 < len(block["text"]["text"]) <= LONGEST_TEXT
        else:
            assert all(0 < len(button["text"]["text"]) <= 75 for button in block["elements"])


@given(st.text(alphabet="a<>& \n", max_size=1500))
def test_a_text_is_not_cut_within_a_disarmed_sign(text: str) -> None:
    cut = bounded(disarmed(text))
    assert len(cut) <= LONGEST_TEXT
    assert re.sub("&(amp|lt|gt);", "", cut).count("&") == 0


@pytest.mark.parametrize("about", NEWS)
@pytest.mark.parametrize("reading", [JA, EN])
def test_every_kind_of_news_has_its_words(about: str, reading: Reading) -> None:
    name, item = ("approvals", APPROVAL) if about.startswith("approval_a") or about == "digest" else ("tasks", TASK)
    page = letter(about, reading, name, item)

    assert page.subject and page.lead
    assert all(text.strip() for both in WORDS.values() for text in both)


def test_what_customers_wrote_is_no_markup_in_a_mail() -> None:
    page = letter("approval_asked", EN, "approvals", {**APPROVAL, "account": "<b>Acme</b>\r\nBcc: x@evil.example"})

    assert "<b>Acme" not in page_as_html(page)
    assert "\n" not in page.subject and "\r" not in page.subject
