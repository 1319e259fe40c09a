"""The mails of one run to one person are one conversation."""

from __future__ import annotations

import pytest

from engage.messages.threads import thread_headers


def ids(count: int) -> list[str]:
    return [f"<msg_{number}@sample.example>" for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("count", "named"),
    [(1, ids(1)), (2, ids(2)), (10, ids(10)), (11, [ids(1)[0], *ids(11)[2:]]), (30, [ids(1)[0], *ids(30)[21:]])],
)
def test_a_mail_answers_the_last_one_and_names_the_oldest_and_the_latest(count: int, named: list[str]) -> None:
    headers = dict(thread_headers(ids(count)))

    assert headers == {"In-Reply-To": ids(count)[-1], "References": " ".join(named)}
    assert len(named) <= 10


def test_a_first_mail_answers_nothing() -> None:
    assert thread_headers(()) == ()
