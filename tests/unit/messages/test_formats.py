"""Numbers as readers see them; what is no number is refused in one way, whatever it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engage.messages.formats import filters_for


@pytest.mark.parametrize("name", ["number", "percent", "money"])
@pytest.mark.parametrize(
    "value",
    [float("inf"), float("nan"), "nan", "sNaN", "1e999999", "1e9999999", 1e30, pytest.param(10**400, id="huge"), "12,3",
     "", None, True],
)  # fmt: skip
def test_what_cannot_be_written_is_refused(name: str, value: Any) -> None:
    wanted = filters_for("ja", html=True)[name]
    with pytest.raises(ValueError, match=r"number"):
        wanted(value, "JPY") if name == "money" else wanted(value)


@pytest.mark.parametrize(
    ("value", "written"),
    [(1200, "1,200"), ("1200.5", "1,200.5"), (-3, "-3"), (10**15, "1,000,000,000,000,000"), ("1e-999999", "0"),
     (Decimal("0.04"), "0"), (5e-324, "0")],
)  # fmt: skip
def test_a_number_is_written_with_its_groups(value: Any, written: str) -> None:
    assert written == filters_for("en", html=False)["number"](value)
