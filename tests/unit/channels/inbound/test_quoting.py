"""The writer's own words, whatever program quoted ours below, between or above them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.channels.email.inbound.html_text import text_of_html
from engage.channels.email.inbound.quoting import own_words

HEAD_JA = "差出人: 佐藤 花子 <sato@engage.example>\n送信日時: 2026年11月24日\n宛先: 山田\n件名: ご契約\n\n本文\n"
HEAD_EN = (
    "From: Sato <sato@engage.example>\nSent: Tuesday, November 24, 2026\nTo: Aiko\nSubject: Renewal\n\nDear Aiko\n"
)
OWN = "佐藤様\n\n承知しました。来月お願いします。\n\n山田"
QUOTED = "\n> 山田様\n> いつもお世話になっております。\n"


@pytest.mark.parametrize(
    "below",
    [
        "2026年11月24日(火) 10:15 佐藤 花子 <sato@engage.example>:\n" + QUOTED,  # Gmail
        "2026年11月24日(火) 10:15 佐藤 花子(サンプル株式会社 カスタマーサクセス部)\n<sato@engage.example>:\n" + QUOTED,
        "On Tue, 24 Nov 2026 at 10:15, Hanako Sato <sato@engage.example> wrote:\n" + QUOTED,
        "On Tue, 24 Nov 2026 at 10:15, Hanako Sato from Sample with a very long name\n<sato@engage.example> wrote:\n"
        + QUOTED,
        "2026/11/24 10:15、佐藤 花子 <sato@engage.example>のメール:\n" + QUOTED,  # Apple Mail
        "iPhoneから送信\n\n2026/11/24 午前10:15、佐藤花子のメール:\n" + QUOTED,
        "On 2026/11/24 10:15, 佐藤 花子 wrote:" + QUOTED,  # Thunderbird
        "2026/11/24 10:15、佐藤 花子 さんは書きました:" + QUOTED,
        "-----Original Message-----\n" + HEAD_EN,  # Outlook
        HEAD_EN,
        HEAD_JA,
        "________________________________\n" + HEAD_JA,
        "*From:* Sato <sato@engage.example>\n*Sent:* Tuesday\n*To:* Aiko\n*Subject:* Renewal\n\nDear Aiko\n",
        "----- Original Message -----\n>From: 佐藤\n>To: yamada\n>Date: 2026/11/24, Tue 10:15\n>\n>本文\n",  # Yahoo!
        "---------- Forwarded message ---------\n差出人: 佐藤\n",
        "-- \n青葉株式会社\n山田 愛子\n",
        QUOTED,
        "",
    ],
)
def test_what_is_quoted_below_is_left_out(below: str) -> None:
    assert own_words(f"{OWN}\n\n{below}") == OWN


def test_answers_between_the_lines_stay_and_the_lines_go() -> None:
    quoted = "2026/11/24 10:15、佐藤 花子のメール:\n> いつまでですか。\n\n12月までです。\n\n> 台数は?\n\n20台です。\n"
    text = f"山田です。\n\n{quoted}"
    assert own_words(text) == "山田です。\n\n12月までです。\n\n20台です。"


def test_an_answer_below_what_it_quotes_is_found() -> None:
    assert own_words("On 24 Nov 2026, Sato wrote:\n> Dear Aiko\n\nYes, please.\n") == "Yes, please."


@pytest.mark.parametrize(
    "own",
    [
        "同僚が「更新したい」と書きました:\n理由は次のとおりです。",
        "My colleague wrote:\nwe want to go on.",
        "From: April we use the new plan.\nPlease confirm.",
        "件名: 見積もり\nの件、承知しました。",
        "-- 以上 --\nよろしくお願いします。",
    ],
)
def test_own_words_that_look_like_a_quotation_stay(own: str) -> None:
    assert own_words(own) == own


def test_a_mail_that_only_quotes_is_shown_as_it_is() -> None:
    assert own_words("> 山田様\n> 本文") == "> 山田様\n> 本文"


@given(st.text(st.sampled_from("> wroteOn:\n差出人From: 2026/11/24 10:15<a@b>-_= のメール"), max_size=300))
def test_any_text_has_own_words_that_stood_in_it(text: str) -> None:
    assert set(own_words(text).split()) <= set(text.split())


@pytest.mark.parametrize(
    "piece", ["On 2026/11/24 10:15 wrote ", "<style ", "<!--", "From: ", "> " * 50 + "\n", "&#x", "<a b='"]
)
def test_nothing_takes_long(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    began = time.perf_counter()
    own_words(text_of_html(text))
    own_words(text)
    assert time.perf_counter() - began < 5
