"""The round of dates: a turn for itself, then each playbook for itself; nobody waits, nothing is lost."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from engage.channels.email.recording import RecordingChannel
from engage.db.session import Database
from engage.journeys.occurring import enrol_dates
from engage.journeys.turns import hold_lease
from engage.worker import rounds
from engage.worker.rounds import Parts, Rounds
from tests.integration.journeys.stage import Stage, tale
from tests.integration.messages.scene import LINKS

ENDS = "trigger: {date: contract.ends_on, latest: -120 days}\n"


def staged(database: Database, root: Path) -> tuple[Stage, Rounds]:
    """Two playbooks whose date has come for Acme's contract."""
    stage = Stage(database, root, *(tale(key, subject="contract", head=ENDS) for key in ("one", "two")))
    stage.set(stage.contract, starts_on=date(2026, 4, 1), ends_on=date(2027, 3, 31))
    stage.digest()
    work = Rounds(Parts(database, stage.library, LINKS, stage.clock, RecordingChannel()))
    work.run("occurrences")
    stage.clock.move(timedelta(days=15))
    return stage, work


def entered(stage: Stage) -> list[str]:
    return sorted(key for key, _, _ in stage.runs())


def test_a_playbook_that_fails_holds_up_no_other_and_is_looked_at_again_within_a_minute(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, work = staged(database, tmp_path)

    def broken(session: Any, library: Any, live: Any, *, now: Any) -> int:
        done = enrol_dates(session, library, live, now=now)
        if live.key == "one":
            raise RuntimeError("a date that nobody thought of")
        return done

    monkeypatch.setattr(rounds, "enrol_dates", broken)
    work.run("occurrences")
    assert entered(stage) == ["two"]
    monkeypatch.undo()
    work.run("occurrences")
    assert entered(stage) == ["two"]
    stage.clock.move(timedelta(minutes=1))
    work.run("occurrences")

    assert entered(stage) == ["one", "two"]


def test_a_playbook_that_another_worker_is_looking_at_is_left_to_it(database: Database, tmp_path: Path) -> None:
    stage, work = staged(database, tmp_path)
    if database.dialect == "sqlite":  # one writer: the other's transaction has ended before this one begins
        work.run("occurrences")
        assert entered(stage) == ["one", "two"]
        return
    with database.transaction() as other:
        assert hold_lease(other, "dates:one")
        work.run("occurrences")
        assert entered(stage) == ["two"]
    stage.clock.move(timedelta(minutes=1))
    work.run("occurrences")

    assert entered(stage) == ["one", "two"]
