"""Names in the order that those who bear them would write."""

from __future__ import annotations

import pytest

from engage.customers.names import joined_name


@pytest.mark.parametrize(
    ("family", "given", "expected"),
    [
        ("山田", "太郎", "山田 太郎"),
        ("カラハン", "アン", "カラハン アン"),
        ("Miller", "Ann", "Ann Miller"),
        ("Müller", None, "Müller"),
        (None, "花子", "花子"),
        (None, None, ""),
    ],
)
def test_japanese_names_put_the_family_first_and_latin_ones_last(
    family: str | None, given: str | None, expected: str
) -> None:
    assert joined_name(family, given) == expected
