"""What the how-to shows can be copied: its conditions are read by the language itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engage.language.expressions import parse_expression
from engage.language.vocabulary import Vocabulary

PAGE = Path(__file__).parents[3] / "docs/how-to/ask-what-customers-do.md"
SHOWN = re.findall(r"^audience: (?:>-\n)?(.+?)\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_the_page_shows_conditions() -> None:
    assert len(SHOWN) == 3


@pytest.mark.parametrize("shown", SHOWN)
def test_a_condition_that_is_shown_can_be_read(shown: str) -> None:
    assert parse_expression(shown, Vocabulary().catalogue(), wanted=("bool",)).kind == "bool"
