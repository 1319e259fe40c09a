"""The doctor compares clocks: ours with the system's, the system's with the database's."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from engage.cli.main import engage
from engage.clock import Clock
from engage.db.session import Database
from engage.upkeep.clocks import database_skew, moved_clock


class Drifting(Clock):
    """The clock of a machine that is off by so much."""

    def __init__(self, by: timedelta) -> None:
        super().__init__()
        self._by = by

    def real(self) -> datetime:
        return super().real() + self._by


@pytest.mark.parametrize(
    ("off_by", "verdict", "said"),
    [
        (0, "ok", "this machine and the database agree"),
        (1.5, "ok", "this machine and the database agree"),
        (5, "bad", "the database's clock is 5.0 s behind this machine's"),
        (-5, "bad", "the database's clock is 5.0 s ahead of this machine's"),
    ],
)
def test_a_skew_of_more_than_two_seconds_is_bad(database: Database, off_by: float, verdict: str, said: str) -> None:
    with database.reading() as session:
        finding = database_skew(session, Drifting(timedelta(seconds=off_by)))
    assert (finding.verdict, finding.said) == (verdict, said)
    assert finding.seconds == pytest.approx(-off_by, abs=0.5)


def test_a_clock_that_was_not_moved_is_no_moved_clock(tmp_path: Path) -> None:
    finding = moved_clock(Clock(tmp_path / "clock"), tmp_path / "clock")
    assert (finding.what, finding.verdict, finding.seconds) == ("clock", "ok", 0.0)


@pytest.mark.parametrize(("days", "said"), [(90, "90 days, 0:00:00 ahead of"), (-1, "1 day, 0:00:00 behind")])
def test_a_moved_clock_is_named_with_how_far_it_was_moved(tmp_path: Path, days: int, said: str) -> None:
    clock = Clock(tmp_path / "clock")
    clock.move(timedelta(days=days))
    finding = moved_clock(clock, tmp_path / "clock")
    assert (finding.what, finding.verdict, finding.seconds) == ("moved clock", "note", days * 86400)
    assert f"{said} real time" in finding.said and finding.way_out == f"remove {tmp_path / 'clock'}"


def test_the_command_says_both_in_its_table_and_in_json(database_url: str, tmp_path: Path) -> None:
    Clock(tmp_path / "clock").move(timedelta(days=3))
    said = {"ENGAGE_HOME": str(tmp_path), "ENGAGE_DATABASE_URL": database_url, "ENGAGE_REDIS_URL": "off"}
    command = CliRunner(env=said)
    table = command.invoke(engage, ["doctor"]).output
    findings = {one["what"]: one for one in json.loads(command.invoke(engage, ["doctor", "--json"]).output)}

    assert "note  moved clock: says" in table and "ok    clock skew: this machine" in table
    assert findings["moved clock"]["seconds"] == 3 * 86400
    assert abs(findings["clock skew"]["seconds"]) < 2
