"""What a trait is worth under its declared type."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from engage.customers.trait_sql import BLANKS
from engage.customers.trait_values import typed
from engage.language.values import lower_case

WORTH: dict[str | None, list[tuple[Any, Any]]] = {
    "text": [("", None), (1200, "1200"), (1e16, "10000000000000000"), (True, "true"), (["a"], None)],
    "number": [("１,200", 1200), ("1.5", 1.5), ("1e3", None), ("nan", None), (True, None), (10**16, None),
               ("1234567890123456", None)],
    "bool": [("はい", True), (0, False), ("maybe", None)],
    "date": [("令和9年3月31日", date(2027, 3, 31)), (20270331, date(2027, 3, 31)), ("2027-02-29", None), (True, None)],
    "instant": [("2027-04-01T00:00+09:00", datetime(2027, 3, 31, 15, tzinfo=UTC)), ("2027-W13-3", None), (5, None)],
    "list": [("a、b", ["a", "b"]), ("", None), (5, [])],
    None: [("", "")],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "said", "worth"), [(kind, *pair) for kind, pairs in WORTH.items() for pair in pairs])
def test_a_trait_is_worth(kind: str | None, said: Any, worth: Any) -> None:
    assert typed(kind, said) == worth


def test_the_databases_take_away_the_blanks_that_python_does() -> None:
    assert set(BLANKS) == {chr(code) for code in range(0x110000) if chr(code).isspace()}


def test_every_capital_letter_has_its_small_one() -> None:
    capitals = {chr(code) for code in range(0x110000) if len(chr(code).lower()) == 1 and chr(code).lower() != chr(code)}

    assert set(lower_case()[0]) == capitals
