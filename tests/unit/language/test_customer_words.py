"""Which use case fits whom, and words that are checked wherever a condition stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engage.language.check import check_workspace
from engage.language.customer_words import UseCases
from tests.support.workspaces import Team

TITLE = {"ja": "題", "en": "Title"}
CASES = UseCases.model_validate(
    {
        "industries": {"retail": TITLE, "trade": TITLE},
        "departments": {"sales": TITLE},
        "problems": {"late": TITLE},
        "features": {"reports": {"ja": "レポート", "en": "Reports"}},
        "cases": {
            "for_all": {"title": TITLE},
            "shops": {"title": TITLE, "industries": ["retail", "trade"], "feature": "reports"},
            "late_shops": {"title": TITLE, "industries": ["retail"], "problems": ["late"]},
            "sellers": {"title": TITLE, "departments": ["sales"]},
        },
    }
)


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ({}, "for_all"),
        ({"industry": "trade"}, "shops"),
        ({"industry": "retail", "problem": "late"}, "late_shops"),
        ({"industry": "retail", "department": "sales"}, "shops"),
        ({"industry": "mining", "department": "sales"}, "sellers"),
        ({"problem": "late"}, "for_all"),
    ],
)
def test_the_case_with_most_in_common_fits_and_of_equals_the_first(account: dict[str, Any], expected: str) -> None:
    assert CASES.fitting(account) == expected


def test_a_case_is_told_in_the_readers_language() -> None:
    told = {"key": "shops", "title": "題", "feature": "reports", "feature_title": "レポート"}

    assert CASES.facts("shops", "ja") == told
    assert (CASES.facts("gone", "ja"), UseCases().fitting({})) == (None, None)


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ('account.segment == "long_tial"', "did you mean long_tail?"),
        ('account.segment in ["long_tail", "smal"]', "did you mean small?"),
        ('account.phase != "adoptoin" and account.phase is set', "did you mean adoption?"),
        ('account.touch_model == "hihg"', "did you mean high?"),
        ('contract.state == "actve"', "did you mean active?"),
        ('account.segment == "long_tail" or account.phase == "adoption"', None),
        ('account.name == "long_tial"', None),
    ],
)
def test_words_are_compared_with_those_declared(tmp_path: Path, condition: str, hint: str | None) -> None:
    team = Team(tmp_path)
    word = "{title: {ja: 語, en: Word}}"
    team.write("playbooks/_shared/segments.yaml", f"long_tail: {word}\nsmall: {word}\n")
    team.write("playbooks/_shared/phases.yaml", f"adoption: {word}\n")
    team.write(
        "playbooks/greeting.yaml",
        (tmp_path / "playbooks/greeting.yaml")
        .read_text(encoding="utf-8")
        .replace("audience: account.phase is set", f"audience: >-\n  {condition}"),
    )
    found = [one for one in check_workspace(team.load()) if one.code == "impossible-value"]

    assert [one.hint for one in found] == ([hint] if hint else [])
