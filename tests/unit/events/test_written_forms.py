"""Dates, amounts and yes/no as people write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from engage.events.written_forms import (
    minor_units,
    narrow,
    parse_currency,
    parse_date,
    parse_moment,
    parse_whole,
    parse_yes,
)

MARCH = date(2027, 3, 31)


@pytest.mark.parametrize(
    "text",
    [
        "2027-03-31", "2027/3/31", "2027.3.31", "2027年3月31日", "２０２７／３／３１", "20270331",
        "２０２７年３月３１日",
        "令和9年3月31日", "R9.3.31", "Ｒ９/３/３１", " 2027 年 3 月 31 日 ", "2027-03-31T00:00:00Z", "2027/3/31 0:00",
        "2027/03/31 00:00:00",
    ],
)  # fmt: skip
def test_a_day_is_read_in_every_usual_form(text: str) -> None:
    assert parse_date(text) == MARCH


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027/3/31", "2027-03-30T15:00"), ("2027年3月31日", "2027-03-30T15:00"), ("2027-03-31", "2027-03-30T15:00"),
        ("2027/3/31 9:05", "2027-03-31T00:05"), ("2027-03-31T09:05:30", "2027-03-31T00:05:30"),
        ("２０２７年３月３１日　９：０５", "2027-03-31T00:05"), ("令和9年3月31日 18時30分", "2027-03-31T09:30"),
        ("2027-03-31 23:59:59.250", "2027-03-31T14:59:59"), ("2027年3月31日9時05分", "2027-03-31T00:05"),
    ],
)  # fmt: skip
def test_a_moment_is_read_by_the_clock_of_the_place(text: str, moment: str) -> None:
    assert datetime.fromisoformat(moment).replace(tzinfo=UTC) == parse_moment(text, ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize(
    "text",
    [
        "2027-03-31 25:00",
        "2027-03-31 9:60",
        "9:05",
        "soon",
        "2027-03-31 9:05 UTC",
        "2027-03-31T00:00:00Z",
        "2027-03-31T09:00+09:00",
    ],
)
def test_what_names_a_zone_or_no_moment_is_not_read_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"date|time of day"):
        parse_moment(text, ZoneInfo("Asia/Tokyo"))


def test_the_first_year_of_an_era_is_known() -> None:
    assert [parse_date("令和元年5月1日"), parse_date("平成31年4月30日")] == [date(2019, 5, 1), date(2019, 4, 30)]


@pytest.mark.parametrize(
    "text", ["", "3/31/2027", "31.3.2027", "2027-02-30", "2027-13-01", "0027-03-31", "9999-12-31", "soon", "46112"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a date|does not exist|outside"):
        parse_date(text)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1,200,000", "JPY", 1_200_000), ("¥1,200,000", "JPY", 1_200_000), ("￥１，２００", "JPY", 1_200),
        ("120万円", "JPY", 1_200_000), ("1200.50", "USD", 120_050), ("$10", "USD", 1_000), ("0", "JPY", 0),
    ],
)  # fmt: skip
def test_an_amount_is_kept_in_the_smallest_unit(text: str, currency: str, minor: int) -> None:
    assert minor_units(text, currency) == minor


@pytest.mark.parametrize(("text", "currency"), [("1.5", "JPY"), ("1.005", "USD"), ("-5", "JPY"), ("many", "JPY"),
                                                ("NaN", "JPY"), ("1e30", "JPY"), ("Infinity", "JPY"),
                                                ("1e9999999", "JPY")])  # fmt: skip
def test_what_cannot_be_an_amount_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"amount|finer"):
        minor_units(text, currency)


def test_yes_and_no_have_many_words() -> None:
    assert [parse_yes(word) for word in ("はい", "○", "TRUE", "１", "いいえ", "無", "no", "0")] == [True] * 4 + [
        False
    ] * 4


@pytest.mark.parametrize(
    ("read", "text"), [(parse_yes, "maybe"), (parse_whole, "1.5"), (parse_whole, "二"), (parse_currency, "yen")]
)
def test_other_words_are_refused(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match=r"neither|not a"):
        read(text)


def test_full_width_forms_become_plain_but_name_variants_stay() -> None:
    assert narrow("ＡＢＣ　ﾔﾏﾀﾞ　㈱") == "ABC ヤマダ (株)"
    assert narrow("\ufa19谷 \ufa11田 髙橋") == "\ufa19谷 \ufa11田 髙橋"
