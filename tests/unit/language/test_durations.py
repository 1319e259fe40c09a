"""Lengths of time as authors write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engage.language.durations import Duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("-120 days", Duration(-120, "days")),
        ("1 day", Duration(1, "days")),
        ("2 business days", Duration(2, "business days")),
        ("+3  weeks", Duration(3, "weeks")),
        ("１４ days", Duration(14, "days")),
        ("0 days", Duration(0, "days")),
    ],
)
def test_a_duration_is_read_and_written_back(text: str, duration: Duration) -> None:
    assert Duration.parse(text) == duration
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize(
    "text", ["", "days", "3", "3 dayz", "3d", "1.5 days", "2 business weeks", "999999 days", "3 days ago"]
)
def test_what_is_no_duration_is_refused_with_the_right_forms(text: str) -> None:
    with pytest.raises(ValueError, match="business days"):
        Duration.parse(text)


def test_only_fixed_durations_have_a_delta() -> None:
    assert Duration(2, "weeks").delta == timedelta(days=14)
    assert Duration(-1, "months").roughly == timedelta(days=-31)
    with pytest.raises(ValueError, match="calendar"):
        _ = Duration(1, "business days").delta
    assert str(-Duration(1, "months")) == "-1 month"
