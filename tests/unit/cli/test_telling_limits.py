"""The team's own limits in the words of `engage customers explain`."""

from __future__ import annotations

from typing import Any

import pytest

from engage.cli.telling_limits import limits_told, why_ended


@pytest.mark.parametrize(
    ("inputs", "lines"),
    [
        ({"channel": "email"}, []),
        (
            {"gate": "ticket", "title": {"ja": "対応中", "en": "a ticket is open"}, "facts": {"account.tickets": 2}},
            ["gate ticket is closed: a ticket is open (account.tickets=2)"],
        ),
        (
            {"gate": "quake", "title": {"ja": "地震", "en": "an earthquake"}, "facts": {}},
            ["gate quake is closed: an earthquake"],
        ),
        (
            {
                "budget": {
                    "of": "account",
                    "at_most": 2,
                    "within": "7 days",
                    "taken": ["2026-11-16T01:00:00+00:00", "2026-11-17T02:30:00+00:00"],
                }
            },
            [
                "the account may hear from us 2 times in 7 days; taken: 2026-11-16 01:00 UTC, 2026-11-17 02:30 UTC",
            ],
        ),
        (
            {"budget": {"of": "mails", "at_most": 1, "within": "20 hours", "taken": ["2026-11-16T01:00:00+00:00"]}},
            ["at most 1 in 20 hours to one person, by mail; taken: 2026-11-16 01:00 UTC"],
        ),
    ],
)
def test_limits(inputs: dict[str, Any], lines: list[str]) -> None:
    assert list(limits_told(inputs)) == lines


def test_trials() -> None:
    assert why_ended("control_group") == "control_group: in the control group, which no playbook writes to"
    assert why_ended("goal") == "goal"
