"""A version on trial walks beside the live one, reaches nobody, and its difference to live can be read."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from engage.cli.shadowing import shadow
from engage.db.session import Database
from engage.errors import ConflictError, NotFoundError
from engage.events.tables import Event
from engage.journeys.tables import Enrolment, Exposure, WouldHaveSent
from engage.messages.tables import Approval, GateCheck, Message
from engage.notices.tables import Notice
from engage.rollout.shadowing import Comparison, compare_shadow, start_shadow, stop_shadow
from engage.tasks.tables import Task
from tests.integration.journeys.stage import MAIL, Stage, tale

LOUD = """
- email: greeting/hello
  approve: always
- task: {title: {ja: 電話, en: Call them}}
- notify: {title: {ja: 話, en: News}, to: csm}
- webhook: crm
- set: {account.plan: '"gold"'}
- start: other
- split: {a: 50%, b: 50%}
  a: [{wait: 1 day}]
  b: [{wait: 1 day}]
- email: greeting/hello
  id: second
"""


def on_trial(stage: Stage, *texts: str) -> None:
    for text in texts:
        stage.write("playbooks/tale.yaml", text)
    with stage.database.transaction() as session:
        start_shadow(session, stage.library, stage.files(), "tale", by="cli:test", now=stage.now)


def compared(stage: Stage) -> Comparison:
    with stage.database.reading() as session:
        return compare_shadow(session, "tale", now=stage.now)


def test_a_shadow_reaches_nobody_and_writes_down_whom_it_would_have(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps="- wait: 9 days"), tale("other", steps="- wait: 1 day"))
    on_trial(stage, tale(steps=LOUD))
    stage.say("product.opened")
    stage.run()
    stage.run(days=1)
    stage.run(days=1)

    assert [key for key, _, _ in stage.runs()] == ["other", "tale", "tale~1"]
    assert [len(stage.rows(table)) for table in (Message, Approval, GateCheck, Task, Notice, Exposure)] == [0] * 6
    assert stage.rows(Event, Event.name) == ["product.opened"]
    wrote = stage.rows(WouldHaveSent, WouldHaveSent.step_id, WouldHaveSent.outcome)
    assert [tuple(row) for row in wrote] == [("email-greeting-hello", "would_ask"), ("second", "would_send")]
    assert [run["playbook"] for run in stage.explain()["runs"]] == ["other", "tale"]

    found = compared(stage)
    assert (found.live, found.shadow, found.difference.gone, found.difference.moved) == (1, 1, (), ())
    new = {(one.contact, one.what, one.kind) for one in found.difference.new}
    assert new == {
        ("ann", "greeting/hello", "email"), ("", "Call them", "task"), ("", 'account.plan = "gold"', "set"),
        ("", "other", "start"), ("", "mail csm", "notice"), ("", "webhook crm", "notice"),
    }  # fmt: skip


def test_the_difference_says_who_and_when(database: Database, tmp_path: Path) -> None:
    audience = "audience: account.country == 'JP'\n"
    stage = Stage(database, tmp_path, tale(head=audience, steps=MAIL))
    on_trial(stage, tale(head=audience, steps="- wait: 1 day\n" + MAIL))
    stage.say("product.opened")
    stage.run()
    stage.run(days=1)
    ((was, now_is),) = compared(stage).difference.moved
    assert (was.contact, was.what, now_is.at - was.at) == ("ann", "greeting/hello", timedelta(days=1))
    assert [state for _, _, state in stage.messages()] == ["queued"]  # the live one's own

    with database.transaction() as session:
        stop_shadow(session, "tale", by="cli:test", now=stage.now)
    on_trial(stage, tale(head="audience: account.country == 'US'\n", steps=MAIL))
    stage.run(days=1)
    stage.say("product.opened")
    stage.run()
    gone = compared(stage).difference.gone
    assert {(one.account, one.kind) for one in gone} == {("acme", "run"), ("acme", "email")}


def test_a_shadow_has_the_past_of_the_live_version_and_ends_when_it_is_applied(
    database: Database, tmp_path: Path
) -> None:
    head = "trigger: {date: contract.ends_on, latest: -30 days}\n"
    stage = Stage(database, tmp_path, tale(subject="contract", head=head, steps="- wait: 90 days"))
    stage.set(stage.contract, ends_on=stage.now.date() + timedelta(days=31))
    stage.run(days=1)
    better = tale(subject="contract", head=head, steps="- wait: 80 days\n" + MAIL)
    on_trial(stage, better)
    stage.run(hours=1)
    assert (compared(stage).shadow, compared(stage).inside) == (0, 1)  # nobody began, who was in before goes along

    stage.set(stage.contract, ends_on=stage.now.date() + timedelta(days=29))
    stage.run(hours=1)
    assert (compared(stage).live, compared(stage).shadow) == (1, 1)
    stage.publish(better)
    states = {run.playbook_key: (run.state, run.end_reason) for run in stage.rows(Enrolment)}
    assert states["tale~1"] == ("exited", "shadow_ended") and states["tale"][0] == "running"
    assert stage.tasks() == []


def test_who_is_inside_goes_along_from_where_they_stand(database: Database, tmp_path: Path) -> None:
    steps = "- task: {title: {ja: 前, en: Before}}\n- {wait: 5 days, id: pause}\n"
    stage = Stage(database, tmp_path, tale(steps=steps + MAIL))
    stage.say("product.opened")
    stage.run()
    stage.run(days=1)
    note = "- task: {title: {ja: 後, en: After}}\n"
    on_trial(stage, tale(steps=steps + note + MAIL))
    found = compared(stage)
    assert (found.live, found.shadow, found.inside, found.left_out) == (0, 0, 1, 0)

    stage.run(days=4)
    found = compared(stage)
    assert {(one.what, one.kind) for one in found.difference.new} == {("After", "task")}
    assert not found.difference.gone and not found.difference.moved
    assert stage.tasks() == ["step"]  # the live one's own, from before


def test_whose_message_is_on_its_way_is_left_out_and_counted(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=MAIL + "\n- wait: 5 days"))
    stage.say("product.opened")
    stage.run()
    assert [state for _, _, state in stage.messages()] == ["queued"]
    stage.write("playbooks/tale.yaml", tale(steps=MAIL + "\n- wait: 3 days"))
    with stage.database.transaction() as session:
        _, inside = start_shadow(session, stage.library, stage.files(), "tale", by="cli:test", now=stage.now)

    assert (inside.covered, dict(inside.left_out)) == (0, {"message_on_its_way": 1})
    assert (compared(stage).inside, compared(stage).left_out) == (0, 1)


def test_a_condition_has_held_for_the_shadow_as_long_as_for_the_live_version(
    database: Database, tmp_path: Path
) -> None:
    head = "trigger: {becomes: account.phase == 'churned', for: 4 days}\n"
    stage = Stage(database, tmp_path, tale(head=head, steps="- wait: 9 days"))
    stage.run()
    stage.set(stage.account, phase="churned")
    stage.run(days=1)
    on_trial(stage, tale(head=head, steps="- wait: 8 days"))
    stage.run(hours=1)
    assert stage.runs() == []
    stage.run(days=4)
    assert sorted(key for key, _, _ in stage.runs()) == ["tale", "tale~1"]


def test_what_a_goal_would_have_taken_back_is_told(database: Database, tmp_path: Path) -> None:
    goal = "goal: {event: kickoff.held}\n"
    stage = Stage(database, tmp_path, tale(steps="- wait: 9 days", head=goal))
    on_trial(stage, tale(steps=MAIL, head=goal))
    stage.clock.move(timedelta(hours=12))  # at night nothing leaves
    stage.say("product.opened")
    stage.run()
    stage.say("kickoff.held")
    stage.run()
    assert stage.rows(WouldHaveSent, WouldHaveSent.outcome) == ["would_cancel"]


def test_the_command_and_what_it_refuses(database: Database, database_url: str, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale())
    with pytest.raises(ConflictError, match="live just as it is written"):
        on_trial(stage)
    with pytest.raises(NotFoundError, match="was ever on trial"):
        compared(stage)
    stage.write("playbooks/tale.yaml", tale(steps="- wait: 1 day\n" + MAIL))
    environment = {
        "ENGAGE_DATABASE_URL": database_url,
        "ENGAGE_REDIS_URL": "off",
        "ENGAGE_PLAYBOOKS": str(tmp_path / "playbooks"),
        "ENGAGE_TEMPLATES": str(tmp_path / "email_templates"),
    }
    runner = CliRunner(env=environment)
    assert "version 2 runs beside the live one" in runner.invoke(shadow, ["tale"]).output
    assert isinstance(runner.invoke(shadow, ["tale"]).exception, ConflictError)
    assert "did you mean tale" in str(runner.invoke(shadow, ["tael"]).exception)
    assert "No difference" in runner.invoke(shadow, ["tale", "--compare"]).output
    assert json.loads(runner.invoke(shadow, ["tale", "--compare", "--json"]).output)["new"] == []
    assert runner.invoke(shadow, ["tale", "--stop"]).exit_code == 0
    assert isinstance(runner.invoke(shadow, ["tale", "--stop"]).exception, NotFoundError)
