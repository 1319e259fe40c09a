"""The console's words: both languages say everything, with the same blanks, and nothing is said in vain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from engage.channels.email.inbound.automatic import Meaning
from engage.customers.touching import KINDS as TOUCHES
from engage.journeys.skipping import WHY
from engage.language.catalogue import BUILT_IN, Catalogue
from engage.messages.deciding import Standing
from engage.messages.inbound.listing import KINDS
from engage.messages.inbound.telling import DEPARTURE, FLOOD, REPLY
from engage.messages.policy.order import POLICIES
from engage.messages.status import DELIVERY_RANKS
from engage.reports.today import REPLIES
from engage.staff.reaching import CHANNELS, NEWS
from engage.web.console import texts
from engage.web.console.texts import TEXTS, speaker

CONSOLE = Path(texts.__file__).parent
DECIDING = CONSOLE.parent / "deciding"
SAID_BY_CODE = (
    "theme.", "template.", "approval.cause.", "policy.", "state.", "notice.", "refused.", "error.", "reason.", "fact.",
    "kind.", "meaning.", "matched.", "show.", "departure.", "what.", "me.problem.", "news.", "channel.",
    "today.", "deciding.run_out", "deciding.passed_on",
)  # fmt: skip


def blanks(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_fill_the_same_blanks(key: str) -> None:
    japanese, english = TEXTS[key]

    assert japanese.strip() and english.strip()
    assert blanks(japanese) == blanks(english)


def test_every_text_is_used_and_every_used_text_exists() -> None:
    pages = (*CONSOLE.rglob("*.html"), *CONSOLE.glob("*_views.py"), CONSOLE / "pages.py", *DECIDING.rglob("*.html"))
    sources = [path.read_text() for path in pages]
    used = {key for source in sources for key in re.findall(r"""(?:\bt|say)\(\s*["']([\w.]+[\w])["']""", source)}

    assert used <= set(TEXTS)
    assert {key for key in TEXTS if not key.startswith(SAID_BY_CODE)} <= used


def test_every_kind_of_mail_and_of_touch_has_words() -> None:
    meanings = (*Meaning, *DELIVERY_RANKS, "complained", "unmatched", "colleague", "ours", "flood", "unread")
    wanted = [f"kind.{kind}" for kind in KINDS] + [f"what.{kind}" for kind in TOUCHES]
    wanted += [f"meaning.{meaning}" for meaning in meanings if meaning != "none"]
    wanted += [f"reason.{reason}" for reason in (REPLY, DEPARTURE, FLOOD)]
    assert [key for key in wanted if key not in TEXTS] == []


def test_all_that_a_colleague_may_hear_of_has_words() -> None:
    wanted = [f"news.{news}" for news in NEWS] + [f"channel.{channel}" for channel in CHANNELS]
    wanted += [f"today.{part}" for part in ("approvals", "tasks", "replies", "sent", *REPLIES)]
    closed = set(get_args(Standing)) - {"open", "decided"}
    wanted += [f"deciding.{standing}{more}" for standing in closed for more in ("", ".lead")]
    assert [key for key in wanted if key not in TEXTS] == []


def test_every_policy_has_words() -> None:
    assert [name for name, _check in POLICIES if f"policy.{name}" not in TEXTS] == []


def test_every_reason_of_a_task_that_journeys_raise_has_words() -> None:
    assert [
        reason for reason in (*WHY, "exit", "step", "form", "lead", "nobody_found") if f"reason.{reason}" not in TEXTS
    ] == []


def test_every_built_in_fact_that_a_reason_may_show_has_words() -> None:
    ours = ("company", "team", "sender")  # what a mail says about ourselves is not shown
    shown = [path for path, kind in Catalogue.builtin().kinds.items() if kind != "object"]
    assert [path for path in shown if path.split(".")[0] not in ours and f"fact.{path}" not in TEXTS] == []


def test_every_part_of_an_occurrence_has_words_as_a_run_keeps_it() -> None:
    assert [name for name in ("due", *BUILT_IN["occurrence"]["date"].split()) if f"fact.{name}" not in TEXTS] == []


def test_a_speaker_fills_the_blanks() -> None:
    assert speaker("ja")("approvals.count", n=3) == "3件"
    assert speaker("en")("nav.tasks") == "Tasks"
