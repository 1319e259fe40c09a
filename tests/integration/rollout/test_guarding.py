"""Between looking and publishing: the question on a terminal, a plan that is over, and another who publishes first."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import click
import pytest

from engage.cli.playbooks import playbooks
from engage.db.session import Database
from engage.errors import ConflictError
from engage.rollout.apply import apply_workspace, newest_release
from engage.rollout.promise import still_on
from tests.integration.rollout.test_planning import LATE, SOON, Team


class Terminal(io.StringIO):
    """Somebody at a keyboard, and what happens while they think."""

    def __init__(self, answer: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        super().__init__(f"{answer}\n")
        self._meanwhile = meanwhile

    def isatty(self) -> bool:
        return True

    def readline(self, *sizes: Any) -> Any:
        self._meanwhile()
        return super().readline(*sizes)


@pytest.fixture
def team(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    team = Team(database, tmp_path)
    for name, value in team.environment.items():
        monkeypatch.setenv(name, value)
    team.set_clock()
    team.edit(LATE)
    return team


def ask(monkeypatch: pytest.MonkeyPatch, terminal: Terminal, *words: str) -> None:
    """The command as its user sees it, at a terminal."""
    monkeypatch.setattr("sys.stdin", terminal)
    playbooks.main(list(words), standalone_mode=False)


def live(database: Database) -> int:
    with database.reading() as session:
        release = newest_release(session)
    assert release is not None
    return release.id


def test_at_a_terminal_it_shows_the_plan_and_asks(
    team: Team, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(click.Abort):
        ask(monkeypatch, Terminal("n"), "apply")
    refused = capsys.readouterr()
    assert "1 customers would notice a difference. Publish? [y/N]" in refused.err
    assert "acme" in refused.out and live(team.database) == 1


def test_who_publishes_while_the_question_stands_is_not_run_over(
    team: Team, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def another() -> None:
        team.edit(LATE + "priority: high\n")
        team.publish()

    with pytest.raises(ConflictError, match="somebody published since") as refused:
        ask(monkeypatch, Terminal("y", another), "apply")
    assert refused.value.code == "plan_release" and live(team.database) == 2

    ask(monkeypatch, Terminal("y"), "rollback", "1")
    assert "Release 3 is live: as release 1." in capsys.readouterr().out


def test_a_plan_whose_last_day_has_passed_is_over(team: Team, tmp_path: Path) -> None:
    file = str(tmp_path / "plan.json")
    team.command("plan", *SOON, "--out", file)
    team.clock.move(timedelta(days=14))
    assert team.refused("apply", "--plan", file, "--yes") == "plan_over"


def test_of_two_who_publish_on_the_same_release_the_second_waits_and_is_refused(team: Team) -> None:
    workspace, begins = team.files(), Event()

    def second() -> None:
        begins.set()
        with team.database.transaction() as session:
            still_on(session, 1)

    with ThreadPoolExecutor(1) as pool:
        with team.database.transaction() as session:
            still_on(session, 1)
            late = pool.submit(second)
            begins.wait(timeout=30)
            apply_workspace(session, workspace, author="first", now=team.now)
        with pytest.raises(ConflictError, match="release 2 is live, the plan was made for 1"):
            late.result(timeout=60)
