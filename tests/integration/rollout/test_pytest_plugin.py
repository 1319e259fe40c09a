"""A team runs the examples and invariants of its playbooks in its own CI, as items of pytest."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.workspaces import PLAYBOOK, Team

pytest_plugins = "pytester"

PROOFS = """\
tests:
  - name: a greeting
    given: {account: {phase: onboarding, plan: silver}}
    then: [{at: 2026-11-16 10:00, event: product.opened}]
    expect: [{at: 2026-11-16, email: greeting/hello, to: champion}]
  - given: {account: {phase: onboarding, plan: silver}}
    then: [{at: 2026-11-16 10:00, event: product.opened}]
    expect: [{at: 2026-11-16, nothing: message}]
never:
  - any email to billing
"""
PLUGIN = ("-p", "no:engage", "-p", "engage.pytest_plugin", "--engage-examples=2", "--engage-seconds=60")


def test_examples_and_invariants_are_items(pytester: pytest.Pytester) -> None:
    team = Team(Path(pytester.path))
    team.write("playbooks/greeting.yaml", PLAYBOOK + PROOFS)
    pytester.makeini("[pytest]\nengage_playbooks = playbooks\n")

    result = pytester.runpytest_inprocess(*PLUGIN, "-v", "playbooks")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "playbooks/greeting.yaml::tests[[]1[]] a greeting PASSED*",
            "playbooks/greeting.yaml::tests[[]2[]] FAILED*",
            "playbooks/greeting.yaml::never[[]1[]] any email to billing PASSED*",
            "There was something where nothing was to be: 1. 2026-11-16 nothing: message",
        ]
    )


def test_a_file_that_cannot_be_read_is_an_error_with_its_place(pytester: pytest.Pytester) -> None:
    team = Team(Path(pytester.path))
    team.write("playbooks/greeting.yaml", PLAYBOOK.replace("trigger:", "triger:"))
    pytester.makeini("[pytest]\nengage_playbooks = playbooks\n")

    result = pytester.runpytest_inprocess(*PLUGIN, "playbooks")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*greeting.yaml:5:1: unknown-key*"])


def test_nothing_is_collected_where_nobody_asked(pytester: pytest.Pytester) -> None:
    Team(Path(pytester.path))

    result = pytester.runpytest_inprocess(*PLUGIN)

    result.assert_outcomes()
