"""Who followed a link: each sign of a machine, each doubt, and what only people do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.messages.click_rules import (
    DEEDS,
    DOUBTS,
    MACHINE_SIGNS,
    NO_SIGN,
    Around,
    Fetch,
    Judgement,
    Near,
    judge,
)
from engage.messages.user_agents import is_program
from engage.testing import MONDAY

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
    " Mobile/15E148 Safari/604.1"
)
LINE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Line/15.1"


def at(seconds: float) -> datetime:
    """So long after the mail arrived."""
    return MONDAY + timedelta(seconds=seconds)


def fetch(seconds: float = 600, url: str = "a", **said: Any) -> Fetch:
    usual = {"message_id": 1, "method": "GET", "user_agent": CHROME, "network": "203.0.113.0/24"}
    return Fetch(url=url, at=at(seconds), **(usual | said))


def beside(*fetches: tuple[float, str]) -> Sequence[Fetch]:
    return [fetch(seconds, url) for seconds, url in fetches]


def readers(count: int, accounts: int) -> Sequence[Near]:
    return [Near(number, number % accounts) for number in range(count)]


@pytest.mark.parametrize(
    ("clicked", "around", "verdict", "reasons"),
    [
        (fetch(), {}, "human", (NO_SIGN,)),
        (fetch(method="HEAD"), {}, "machine", ("not_a_get",)),
        (fetch(user_agent=None), {}, "machine", ("program",)),
        (fetch(), {"arrived_at": None}, "machine", ("before_arrival",)),
        (fetch(-30), {}, "machine", ("before_arrival",)),
        (fetch(1.9), {}, "machine", ("before_arrival",)),
        (fetch(2), {}, "unsure", ("soon_after_arrival",)),
        (fetch(9.9), {}, "unsure", ("soon_after_arrival",)),
        (fetch(10), {}, "human", (NO_SIGN,)),
        (fetch(600), {"beside": beside((600, "a"), (601, "b"), (603, "c"))}, "machine", ("burst",)),
        (fetch(603, "c"), {"beside": beside((600, "a"), (601, "b"), (603, "c"))}, "machine", ("burst",)),
        (fetch(600), {"beside": beside((600, "a"), (601, "b"), (603.1, "c"))}, "human", (NO_SIGN,)),
        (fetch(600), {"beside": beside((597.5, "b"), (600, "a"), (602, "c"))}, "human", (NO_SIGN,)),
        (fetch(600), {"beside": beside((600, "a"), (600.5, "a"), (601, "a"))}, "human", (NO_SIGN,)),
        (fetch(600), {"beside": beside((600, "a"), (601, "b"))}, "human", (NO_SIGN,)),
        (fetch(), {"near": readers(5, accounts=2)}, "machine", ("sweep",)),
        (fetch(), {"near": readers(5, accounts=1)}, "unsure", ("busy_office",)),
        (fetch(), {"near": readers(4, accounts=4)}, "human", (NO_SIGN,)),
        (fetch(), {"near": readers(1, accounts=1) * 9}, "human", (NO_SIGN,)),
        (fetch(5), {"done_at": {"used_product": at(90)}}, "human", ("used_product", "soon_after_arrival")),
        (fetch(5), {"done_at": {"answered": at(5)}}, "human", ("answered", "soon_after_arrival")),
        (fetch(5), {"done_at": {"used_product": at(5 + 1800)}}, "human", ("used_product", "soon_after_arrival")),
        (fetch(5), {"done_at": {"used_product": at(5 + 1801)}}, "unsure", ("soon_after_arrival",)),
        (fetch(5), {"done_at": {"used_product": at(4)}}, "unsure", ("soon_after_arrival",)),
        (fetch(1, method="HEAD"), {"done_at": {"used_product": at(90)}}, "machine", ("not_a_get", "before_arrival")),
    ],
)  # fmt: skip
def test_a_click_is_judged_with_its_reasons(
    clicked: Fetch, around: dict[str, Any], verdict: str, reasons: tuple[str, ...]
) -> None:
    assert judge(clicked, Around(**({"arrived_at": MONDAY} | around))) == Judgement(verdict, reasons)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("agent", "program"),
    [
        (CHROME, False),
        (IPHONE, False),
        (LINE, False),
        (CHROME + " Edg/140.0.0.0", False),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0", False),
        ("Mozilla/5.0 (Linux; Android 15; SC-51E) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", False),
        (None, True),
        ("", True),
        ("Mozilla/5.0", True),
        ("curl/8.14", True),
        ("python-requests/2.34", True),
        ("BarracudaCentral/1.0", True),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", True),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", True),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 HeadlessChrome/140.0 Safari/537.36", True),
        ("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Trident/7.0; ms-office; MSOffice 16)", True),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
    ],
)
def test_programs_are_told_from_browsers(agent: str | None, program: bool) -> None:
    assert is_program(agent) is program


FETCHES = st.builds(
    fetch,
    seconds=st.floats(-60, 3600),
    url=st.sampled_from("abcd"),
    method=st.sampled_from(["GET", "GET", "HEAD"]),
    user_agent=st.sampled_from([CHROME, IPHONE, "curl/8"]),
)


@given(
    fetches=st.lists(FETCHES, min_size=1, max_size=8),
    near=st.lists(st.builds(Near, st.integers(1, 6), st.integers(1, 2)), max_size=8),
    done=st.dictionaries(st.sampled_from(DEEDS), st.floats(-60, 7200).map(at)),
)
def test_a_verdict_follows_from_its_reasons_and_deeds_never_make_a_click_less_human(
    fetches: list[Fetch], near: list[Near], done: dict[str, datetime]
) -> None:
    for clicked in fetches:
        judgement = judge(clicked, Around(MONDAY, fetches, near, done))
        without = judge(clicked, Around(MONDAY, fetches, near))

        assert judgement.reasons
        assert (judgement.verdict == "machine") == any(code in MACHINE_SIGNS for code in judgement.reasons)
        assert (judgement.verdict == "unsure") == all(code in DOUBTS for code in judgement.reasons)
        assert without.verdict == judgement.verdict or (without.verdict, judgement.verdict) == ("unsure", "human")


@given(fetches=st.lists(FETCHES, min_size=1, max_size=8), order=st.randoms())
def test_the_order_in_which_clicks_were_noted_does_not_matter(fetches: list[Fetch], order: Any) -> None:
    shuffled = list(fetches)
    order.shuffle(shuffled)

    for clicked in fetches:
        assert judge(clicked, Around(MONDAY, fetches)) == judge(clicked, Around(MONDAY, shuffled))
