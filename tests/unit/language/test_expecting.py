"""What a playbook is to move: told in both languages, and refused where it could never be seen."""

from __future__ import annotations

import pytest

from engage.language.check import check_workspace
from engage.language.durations import Duration
from engage.language.expecting import Expect, window_of
from engage.language.rule_examples import workspace_with
from engage.language.telling_expect import tell_expect

FULL = "expect: {event: report.created, look_after: 90 days, at_least: 2.5%, since: 2027-01-04, stop_if: no_effect}\n"


def told(keys: str, locale: str) -> list[str]:
    return list(tell_expect(workspace_with(keys).playbooks[0].playbook, locale))


def test_an_expectation_is_told_with_its_measure_its_time_and_what_follows() -> None:
    look, stop = told(FULL, "en")
    assert look == (
        "Is to raise the share of the accounts at which report.created comes by 2.5 points or more; "
        "judged 90 days after each came in, counting who came in from 2027-01-04"
    )
    assert stop.startswith("Pauses") and "it has no holdout" in stop
    look, stop = told(FULL + "holdout: 10%", "ja")
    assert "2.5ポイント" in look and "90日後" in look and "一時停止" in stop and "対照群" not in stop


@pytest.mark.parametrize(
    ("keys", "codes"),
    [
        ("holdout: 10%\nexpect: {metric: goal, look_after: 90 days, stop_if: no_effect}", set()),
        ("expect: {metric: goal, look_after: 90 days}", {"no-comparison"}),
        (
            "expect: {metric: goal, look_after: 90 days}\n"
            "# file: playbooks/_shared/experiments.yaml\ncontrol_group: {share: 5%}",
            set(),
        ),
        (
            "expect: {metric: goal, look_after: 90 days, stop_if: no_effect}\n"
            "# file: playbooks/_shared/experiments.yaml\ncontrol_group: {share: 5%}",
            {"no-comparison"},
        ),
        ("holdout: 10%\nexpect: {event: report.creatd, look_after: 90 days}", {"unknown-event"}),
        ("holdout: 10%\nexpect: {metric: goal, look_after: 3 months}", {"bad-duration"}),
    ],
)
def test_what_could_not_be_seen_is_complained_of(keys: str, codes: set[str]) -> None:
    assert {problem.code for problem in check_workspace(workspace_with(keys))} == codes


def test_the_goal_counts_for_its_own_time_and_anything_else_until_the_look() -> None:
    said = {"look_after": "90 days"}
    goal, event = Expect(metric="goal", **said), Expect(event="report.created", **said)  # type: ignore[arg-type]
    assert window_of(goal, Duration(60, "days")) == Duration(60, "days")
    assert window_of(goal, Duration(4, "months")) == window_of(event, Duration(60, "days")) == Duration(90, "days")
