"""How the console says dates and facts to its reader."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from engage.web.console.pages import Reader

JA = Reader(locale="ja", time_zone="Asia/Tokyo", theme="auto")
EN = Reader(locale="en", time_zone="Europe/London", theme="auto")
NOON = datetime(2026, 11, 16, 3, 0, tzinfo=UTC)


def test_an_instant_is_said_in_the_readers_zone() -> None:
    assert JA.day(NOON) == "2026年11月16日(月) 12:00"
    assert EN.day(NOON) == "Mon 16 Nov 2026, 03:00"


def test_a_distance_is_said_with_its_direction() -> None:
    assert EN.distance(NOON + timedelta(hours=3), NOON) == "in 3 hours"
    assert JA.distance(NOON - timedelta(days=2), NOON) == "2 日前"
    assert EN.distance(NOON + timedelta(seconds=20), NOON) == "now"


@pytest.mark.parametrize(
    ("value", "japanese", "english"),
    [
        (None, "—", "—"),
        (True, "はい", "yes"),
        (42, "42", "42"),
        (date(2027, 3, 31), "2027年3月31日", "March 31, 2027"),
        ("2027-03-31", "2027年3月31日", "March 31, 2027"),
        ("2026-11-16T03:00:00+00:00", "2026年11月16日(月) 12:00", "Mon 16 Nov 2026, 03:00"),
        ("2026-99-99", "2026-99-99", "2026-99-99"),
        (["a", "b"], "a、b", "a, b"),
        ([], "—", "—"),
        ("<b>", "<b>", "<b>"),
    ],
)
def test_a_fact_is_said_as_people_read_it(value: object, japanese: str, english: str) -> None:
    assert (JA.value(value), EN.value(value)) == (japanese, english)


def test_a_text_in_several_languages_is_said_in_the_readers_one_where_there_is_one() -> None:
    assert JA.words({"ja": "更新", "en": "Renewal"}) == "更新"
    assert EN.words({"ja": "更新"}) == "更新"
    assert EN.words(None) == ""


def test_an_unknown_code_speaks_for_itself() -> None:
    assert JA.known("state", "approved") == "承認済み"
    assert EN.known("reason", "something_new") == "something new"
