"""What a playbook has moved: counted on both sides, looked at when it is time, and stopped where it moves nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engage.channels.email.recording import RecordingChannel
from engage.cli.main import engage
from engage.db.session import Database
from engage.errors import NotFoundError
from engage.journeys.holding_out import CONTROL, HOLDOUT, TREATED, drawn
from engage.journeys.starting_by_hand import Wish, start_by_hand
from engage.releases.pauses import Pause, pauses
from engage.reports.lift_words import verdict_said
from engage.reports.lifts import lifts
from engage.reports.shares import Share
from engage.rollout.pausing import resume
from engage.tasks.tables import Task
from engage.testing import make_account, make_staff
from engage.worker.rounds import Parts, Rounds
from tests.integration.journeys.stage import Stage, tale
from tests.integration.messages.scene import LINKS

GOAL = "goal: {event: kickoff.held, within: 20 days}\n"
HALF = GOAL + "holdout: 50%\nexpect: {metric: goal, look_after: 30 days, at_least: 60%, stop_if: no_effect}\n"
EVENT = "expect: {event: kickoff.held, look_after: 30 days}\n"
NAMES = [f"c{number}" for number in range(40)]
GOT_IT = [name for name in NAMES if drawn(HOLDOUT, "tale", name, Decimal(50)) == TREATED]
LEFT_ALONE = [name for name in NAMES if name not in GOT_IT]


def opened(database: Database, root: Path, head: str) -> tuple[Stage, dict[str, Any]]:
    """Forty accounts have come in."""
    stage = Stage(database, root, tale(head=head))
    with database.transaction() as session:
        accounts = {name: make_account(session, name, country="JP", phase="onboarding") for name in NAMES}
        make_staff(session, "head@our.example", position="cs_head")
    for account in accounts.values():
        stage.note("product.opened", at=account)
    stage.digest()
    return stage, accounts


def look(stage: Stage) -> list[tuple[str, str, bool]]:
    """The worker's round; then every task about it: reason, playbook, whether somebody has it."""
    Rounds(Parts(stage.database, stage.library, LINKS, stage.clock, RecordingChannel())).run("looks")
    rows = stage.rows(Task, Task.reason, Task.playbook_key, Task.staff_id)
    return [(reason, key, staff is not None) for reason, key, staff in rows if reason.startswith("look")]


def pauses_of(stage: Stage) -> dict[str, Pause]:
    with stage.database.reading() as session:
        return pauses(session)


def command(stage: Stage, root: Path, *more: str) -> Result:
    """The command, at the moment where the stage stands."""
    url = stage.database.engine.url.render_as_string(hide_password=False)
    (root / "clock").write_text(str((stage.now - datetime.now(UTC)).total_seconds()))
    env = {"ENGAGE_HOME": str(root), "ENGAGE_DATABASE_URL": url, "ENGAGE_REDIS_URL": "off", "COLUMNS": "120"}
    return CliRunner(env=env).invoke(engage, ["reports", "lift", *more])


def test_those_who_got_it_are_compared_with_those_left_alone(database: Database, tmp_path: Path) -> None:
    stage, accounts = opened(database, tmp_path, HALF)
    assert look(stage) == []
    stage.clock.move(timedelta(days=19))
    for name in [*GOT_IT, LEFT_ALONE[0]]:
        stage.note("kickoff.held", at=accounts[name])
    stage.clock.move(timedelta(days=2))
    stage.note("kickoff.held", at=accounts[LEFT_ALONE[1]])  # its time is over
    stage.note("product.opened")  # comes in now, and is judged in a month
    stage.digest()
    stage.clock.move(timedelta(days=9, minutes=1))
    (told,) = json.loads(command(stage, tmp_path, "tale", "--json").output)
    shown = command(stage, tmp_path, "--locale", "en").output

    got, left = told["got_it"], told["left_alone"]
    assert (got["judged"], got["reached"]) == (len(GOT_IT), len(GOT_IT))
    assert (left["judged"], left["reached"], got["came_in"] + left["came_in"]) == (len(LEFT_ALONE), 1, 41)
    assert (told["verdict"], told["comparison"], told["within"]) == ("better", "holdout", "20 days")
    assert told["difference"]["low"] > 0.5 and told["next_look"].startswith("2026-12-16")
    assert "left alone" in shown and "It works" in shown and "100.0%" in shown
    assert look(stage) == [("look_better", "tale", True)] == look(stage)
    assert pauses_of(stage) == {}
    with pytest.raises(NotFoundError, match="no playbook tall is live"), database.reading() as session:
        lifts(session, stage.library, "tall", now=stage.now)


def test_a_playbook_that_moves_nothing_is_paused_and_somebody_is_told(database: Database, tmp_path: Path) -> None:
    stage, _ = opened(database, tmp_path, HALF)
    stage.clock.move(timedelta(days=31))

    assert look(stage) == [("look_no_effect", "tale", True)]
    assert pauses_of(stage)["tale"].by == "engage" and "No effect" in pauses_of(stage)["tale"].reason
    stage.clock.move(timedelta(days=40))
    assert len(look(stage)) == 1
    with database.transaction() as session:
        resume(session, stage.library, "tale", by="cli:test", now=stage.now)
    assert len(look(stage)) == 1
    with database.reading() as session:  # whoever came in before it was stopped counts no more
        (found,) = lifts(session, stage.library, now=stage.now)
    assert (found.got_it.came, found.verdict) == (0, "too_few")


def test_without_a_group_to_compare_with_nothing_is_decided(database: Database, tmp_path: Path) -> None:
    head = "expect: {metric: renewal_rate, look_after: 30 days, stop_if: no_effect}\n"
    stage, accounts = opened(database, tmp_path, head)
    stage.note("contract.cancelled", at=accounts["c0"])
    stage.clock.move(timedelta(days=1))
    for name in ("c0", "c1", "c2"):
        stage.note("contract.renewed", at=accounts[name])
    stage.note("contract.ended", at=accounts["c3"])
    stage.clock.move(timedelta(days=30))
    with database.reading() as session:
        (found,) = lifts(session, stage.library, now=stage.now)

    assert (found.got_it.due, found.got_it.share) == (40, Share(3, 4))  # the newest word on a contract holds
    assert look(stage) == [("look_no_comparison", "tale", True)] and pauses_of(stage) == {}


def test_the_control_group_tells_of_all_playbooks_together_and_never_stops_one(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(database, tmp_path)
    stage.write("playbooks/_shared/experiments.yaml", "control_group: {share: 50%}\n")
    by_hand = tale("other", head="trigger: manual\n" + EVENT)
    stage.publish(tale(head=EVENT.replace("days}", "days, stop_if: no_effect}")), by_hand)
    with database.transaction() as session:
        accounts = [make_account(session, name, country="JP", phase="onboarding") for name in NAMES]
        start_by_hand(session, stage.library, Wish(playbook="other", account="c0", by="cli:me"), now=stage.now)
    for account in accounts:
        stage.note("product.opened", at=account)
    stage.run()
    stage.clock.move(timedelta(days=31))
    with database.reading() as session:
        other, found = lifts(session, stage.library, now=stage.now)
    written_to = [name for name in NAMES if drawn(CONTROL, "*", name, Decimal(50)) == TREATED]

    assert (found.comparison, found.got_it.due, found.left_alone.due) == (
        "control_group",
        len(written_to),
        40 - len(written_to),
    )
    assert "what all of them do together" in verdict_said(found, "en") and not found.stops
    assert other.began is None  # whom a colleague put in was in no lot
