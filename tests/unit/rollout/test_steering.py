"""Histories are steered to where a condition turns true: not at the first look, but weeks later."""

from __future__ import annotations

import pytest

from engage.language.catalogue import Catalogue
from engage.language.expressions import Expression, parse_expression
from engage.language.vocabulary import Vocabulary
from engage.rollout.proving.steering import Ago, Turn, Use, turns

FALLING = (
    'count_before("used", days=30) >= 20 and count("used", days=30) < 0.5 * count_before("used", days=30)'
    ' and count("used", days=30) >= 0.3 * count_before("used", days=30)'
)
PATHS = {"account.band": ("red", "green"), "account.gone_on": (Ago(14), Ago(13)), "account.open": (True, False)}
FILLED = {"account.open": True}  # as where a template needs it


def catalogue() -> Catalogue:
    said = {"account.band": "text", "account.gone_on": "date", "account.open": "bool"}
    facts = {path: {"type": kind} for path, kind in said.items()}
    return Vocabulary.model_validate({"facts": facts, "events": {"used": {}}}).catalogue()


def condition(text: str) -> Expression:
    return parse_expression(text, catalogue())


def ways(text: str, audience: str | None = None) -> tuple[Turn, ...]:
    return turns(condition(text), condition(audience) if audience else None, PATHS, FILLED)


def test_a_fact_is_told_on_the_day_or_grows_old_by_it() -> None:
    assert Turn({}, {"account.band": "red"}, ()) in ways('account.band == "red"')
    assert Turn({"account.gone_on": Ago(14)}, {}, ()) in ways("days_since(account.gone_on) >= 14")


def test_uses_are_many_before_and_fewer_lately() -> None:
    found = ways(FALLING)
    assert found
    assert all(sum(use.times for use in turn.uses if use.last < -30) >= 20 for turn in found)
    assert all(use.last <= 0 for turn in found for use in turn.uses)
    assert Use("used", 0, 0, 3) in [use for turn in ways('count("used", days=14) >= 3') for use in turn.uses]


def test_the_audience_takes_them_in() -> None:
    found = ways('account.band == "red"', "account.open == false and account.gone_on is missing")
    assert found
    assert all(turn.known["account.open"] is False for turn in found)


def test_what_is_filled_in_is_unsaid_until_the_day() -> None:
    assert Turn({"account.open": None}, {"account.open": True}, ()) in ways("account.open == true")


@pytest.mark.parametrize("text", ['account.band == "blue"', "account.band is missing or account.band is set"])
def test_what_cannot_turn_true_has_no_way(text: str) -> None:
    assert ways(text) == ()
