"""Holdouts and the control group over a real database: who is left alone is kept, explained and left alone again."""

from __future__ import annotations

from pathlib import Path

from engage.cli.explain import lines_of
from engage.db.session import Database
from engage.journeys.tables import Exposure
from tests.integration.journeys.stage import Stage, tale

NEARLY_ALL, HARDLY_ANY = "holdout: 99.9%\n", "holdout: 0.1%\n"


def exposures(stage: Stage) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in stage.rows(Exposure, Exposure.playbook_key, Exposure.step_id, Exposure.way)]


def test_whoever_is_held_out_gets_nothing_and_stays_so(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(head=NEARLY_ALL))
    stage.say("product.opened")
    stage.run()
    stage.publish(tale(head=HARDLY_ANY))
    stage.say("product.opened")
    stage.run()

    assert stage.messages() == [] and stage.tasks() == []
    assert stage.runs() == [("tale", "skipped", "held_out")] * 2
    assert exposures(stage) == [("tale", "@holdout", "held_out")]
    assert any("in the holdout of this playbook" in line for line in lines_of(stage.explain()))


def test_whoever_is_written_to_is_kept_too(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(head=HARDLY_ANY))
    stage.say("product.opened")
    stage.run()

    assert [state for _, _, state in stage.messages()] == ["queued"]
    assert exposures(stage) == [("tale", "@holdout", "treated")]


def test_the_control_group_hears_of_its_contract_alone(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale())
    stage.write("playbooks/_shared/experiments.yaml", "control_group: {share: 99.9%, spares: [spared]}\n")
    news = tale("news", head="trigger: {event: contract.renewed}\n")
    stage.publish(tale(), tale("spared"), news)
    stage.say("product.opened")
    stage.say("contract.renewed", contract_id="c-1")
    stage.run()

    assert sorted((key, reason) for key, state, reason in stage.runs() if state == "skipped") == [
        ("tale", "control_group")
    ]
    assert exposures(stage) == [("*", "@control_group", "held_out")]
    assert {run["playbook"] for run in stage.explain()["runs"]} == {"tale", "spared", "news"}
