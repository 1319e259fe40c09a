"""What the review and the renewal mail say about figures: true to the pattern, never cheering a fall."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest

from tests.unit.content.letters import LOCALES, changed, full, held, letter, without

USERS = {"more": (24, 18), "same": (20, 20), "fewer": (12, 18)}
EVENTS = {"more": (1240, 980), "same": (900, 900), "fewer": (600, 980)}
PATTERNS = [*product(USERS, EVENTS), ("none", "none"), ("first", "first")]
CHEER_JA = ["おめでとう", "順調", "好調", "素晴らし", "届いています", "増えました", "広がり", "進みました"]
CHEER_EN = ["congrat", "great", "well done", "excellent", "is met", "finding its place", "more people", "more with it"]
PRAISE = {"ja": [*CHEER_JA, "結果です。"], "en": [*CHEER_EN, "have built"]}
FALLS = [("fewer", "fewer"), ("fewer", "same"), ("same", "fewer"), ("none", "none")]


def usage(pattern: tuple[str, str]) -> dict[str, Any]:
    """The usage facts of a pattern."""
    if pattern == ("none", "none"):
        return {"active_users": 0, "active_users_before": 18, "events": 0, "events_before": 980, "trend": "down"}
    if pattern == ("first", "first"):
        return {"active_users": 3, "active_users_before": 0, "events": 40, "events_before": 0, "trend": "up"}
    (now, before), (events, events_before) = USERS[pattern[0]], EVENTS[pattern[1]]
    trend = "up" if events > events_before else "down" if events < events_before or now < before else "flat"
    said = {"active_users": now, "active_users_before": before}
    return said | {"events": events, "events_before": events_before, "trend": trend}


def commentary(locale: str, facts: dict[str, Any]) -> str:
    """The words between the figures and the action."""
    text = letter("business-review/review", locale, facts).text
    first, last = {"ja": ("数字の見方", "次に進めること"), "en": ("What the figures say", "What to do next")}[locale]
    return text.split(first)[1].split(last)[0]


@pytest.mark.parametrize("locale", LOCALES)
def test_two_usage_patterns_never_give_the_same_commentary(locale: str) -> None:
    said = [re.sub(r"[\d,]+", "#", commentary(locale, changed(full(locale), usage=usage(one)))) for one in PATTERNS]
    assert len(set(said)) == len(PATTERNS)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("fall", FALLS)
def test_a_fall_is_never_praised(fall: tuple[str, str], locale: str) -> None:
    facts = changed(full(locale), usage=usage(fall), goal={"actual": 9, "previous": 7})
    for name in ("business-review/review", "renewal/value-so-far"):
        text = letter(name, locale, facts).text.lower()
        assert [word for word in PRAISE[locale] if word in text] == []


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    ("direction", "target", "previous", "actual", "fell"),
    [
        ("up", 80, 60, 70, False),
        ("up", 80, 60, 85, False),
        ("up", 80, 60, 50, True),
        ("up", 80, 95, 85, True),
        ("down", 5, 10, 7, False),
        ("down", 5, 10, 5, False),
        ("down", 5, 6, 9, True),
        ("down", 5, 3, 4, True),
    ],
)
def test_progress_follows_the_direction_of_the_goal(
    direction: str, target: int, previous: int, actual: int, fell: bool, locale: str
) -> None:
    goal = {"direction": direction, "target": target, "previous": previous, "actual": actual}
    said = commentary(locale, changed(full(locale), goal=goal))
    assert ({"ja": "後退", "en": "slipped"}[locale] in said) == fell


@pytest.mark.parametrize("locale", LOCALES)
def test_without_a_direction_figures_stand_without_a_verdict(locale: str) -> None:
    said = commentary(locale, without(full(locale), "goal.direction"))
    words = {"ja": ("後退", "近づき", "届いて"), "en": ("slipped", "moved", "is met")}[locale]
    assert [word for word in words if word in said] == []
    assert "7" in said


@pytest.mark.parametrize("locale", LOCALES)
def test_figures_stand_with_unit_and_date_beside_goal_and_last_period(locale: str) -> None:
    text = letter("business-review/review", locale).text
    row = {
        "ja": "月次締めの日数 / 7営業日 / 10営業日 / 5営業日",
        "en": "Days to close the month (business days) / 7 / 10 / 5",
    }
    as_of = {"ja": "2026年11月30日(月)時点", "en": "as of November 30, 2026"}
    assert row[locale] in text
    assert as_of[locale] in text


@pytest.mark.parametrize("locale", LOCALES)
def test_a_review_states_purpose_and_period(locale: str) -> None:
    text = letter("business-review/review", locale).text
    period = {"ja": "2026年9月1日から2026年11月30日", "en": "September 1, 2026 to November 30, 2026"}
    assert period[locale] in text
    assert {"ja": "ためのご報告です", "en": "Its purpose is"}[locale] in text


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("touch", ["high", "tech"])
def test_a_review_has_one_action_with_owner_and_open_day(touch: str, locale: str) -> None:
    text = letter("business-review/review", locale, changed(full(locale), account={"touch_model": touch})).text
    owners = {"high": {"ja": "佐藤 美咲", "en": "Misaki Sato"}, "tech": {"ja": "山田様", "en": "Hanako Yamada"}}
    label, due = {"ja": ("担当", "2026年12月15日(火)"), "en": ("Owner", "Tuesday, December 15, 2026")}[locale]
    action = text.rsplit({"ja": "次に進めること", "en": "What to do next"}[locale], 1)[1]
    line = next(line for line in action.splitlines() if line.startswith(label))
    assert owners[touch][locale] in line
    assert due in text


@pytest.mark.parametrize("locale", LOCALES)
def test_the_next_review_opens_with_the_result_of_the_last_action(locale: str) -> None:
    facts = changed(full(locale), account={"last_review_action": "ACTION", "last_review_result": "RESULT"})
    text = letter("business-review/review", locale, facts).text
    assert text.index("ACTION") < text.index("RESULT") < text.index("1,240")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_review_without_data_is_held(locale: str) -> None:
    assert "usage.first_used_at" in str(
        held("business-review/review", locale, without(full(locale), "usage.first_used_at"))
    )


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", ["first-use/admin", "first-use/end-user"])
@pytest.mark.parametrize("figures", [usage(("none", "none")) | {"contact_events": 0}, usage(("fewer", "fewer"))])
def test_first_figures_that_are_zero_or_falling_get_no_praise(figures: dict[str, Any], name: str, locale: str) -> None:
    text = letter(name, locale, changed(full(locale), usage=figures)).text.lower()
    cheer = {
        "ja": ("始まりました", "になりました", "おめでとう"),
        "en": ("you have started", "you had taken", "congrat"),
    }
    assert [word for word in cheer[locale] if word in text] == []
