"""The check before publishing also fills in what the language alone cannot judge."""

from __future__ import annotations

from pathlib import Path

from engage.rollout.checking import check
from tests.support.workspaces import Team


def test_what_rendering_would_refuse_is_found_before_publishing(tmp_path: Path) -> None:
    team = Team(tmp_path)
    team.write("email_templates/greeting/hello/ja/subject.txt", "{% set x = 1 %}{{ account.name | nofilter }}")
    problems = check(team.load())
    assert problems and all(problem.severity == "error" for problem in problems)
    assert all("greeting/hello/ja" in problem.file for problem in problems)
