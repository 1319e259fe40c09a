"""A paused playbook sends and begins nothing, hears everything, and goes on where it stood."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from engage.channels.email.recording import RecordingChannel
from engage.cli.explain import lines_of
from engage.db.session import Database
from engage.errors import ConflictError, NotFoundError
from engage.journeys.advancing import advance
from engage.journeys.tables import Enrolment, StepRun
from engage.messages.delivering import deliver
from engage.messages.expiring import expire_approvals
from engage.messages.links import Links
from engage.messages.tables import Approval, GateCheck, Message
from engage.releases.library import Library
from engage.rollout.pausing import Paused, Resumed, pause, resume
from engage.staff.audit import entries_about
from engage.testing import make_account, make_contact
from tests.integration.journeys.stage import MAIL, Stage, tale

WAIT_AND_MAIL = "- wait: 2 days\n- email: greeting/hello"
APPROVED = "- email: greeting/hello\n  approve: always\n- wait: 9 days"
GOAL = "goal: {event: kickoff.held}\n"


def paused(stage: Stage, key: str = "tale") -> Paused:
    with stage.database.transaction() as session:
        return pause(session, key, by="cli:test", reason="wrong price", now=stage.now)


def resumed(stage: Stage, key: str = "tale") -> Resumed:
    with stage.database.transaction() as session:
        found = resume(session, Library(), key, by="cli:test", now=stage.now)
    stage.run()
    return found


def delivered(stage: Stage) -> int:
    channel = RecordingChannel()
    deliver(stage.database, stage.library, channel, Links("secret", "https://engage.example"), stage.clock)
    return len(channel.sent)


def test_whoever_is_inside_stands_still_and_goes_on_after(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=WAIT_AND_MAIL))
    stage.say("product.opened")
    stage.run()
    assert paused(stage) == Paused(inside=1, messages={})
    stage.run(days=5)
    assert stage.runs() == [("tale", "running", "wait")] and stage.messages() == []
    assert any("paused since 2026-11-16 01:00 UTC by cli:test: wrong price" in line for line in lines_of(told(stage)))

    assert resumed(stage) == Resumed(inside=1, entered=0, left_out={}, messages=0)
    assert stage.messages() == [("email-greeting-hello", 1, "queued")]


def told(stage: Stage) -> dict[str, object]:
    return stage.explain()


def test_who_comes_meanwhile_enters_the_repaired_version_if_it_is_not_too_late(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(database, tmp_path, tale(head="audience: account.phase != 'churned'\n"))
    paused(stage)
    with database.transaction() as session:
        others = [make_account(session, name, phase="onboarding") for name in ("late", "gone")]
        for other in others:
            make_contact(session, other, f"of-{other.external_id}")
    stage.say("product.opened", at=others[0])
    stage.run(days=2)
    stage.say("product.opened")
    stage.say("product.opened", at=others[1])
    stage.run(days=2)
    assert [state for _, state, _ in stage.runs()] == ["running"] * 3 and stage.messages() == []
    stage.set(others[1], phase="churned")
    stage.publish(tale(steps=WAIT_AND_MAIL, head="audience: account.phase != 'churned'\n"))

    assert resumed(stage).left_out == {"not_invited": 1, "too_late": 1}
    assert stage.runs() == [
        ("tale", "skipped", "too_late"),
        ("tale", "running", "wait"),
        ("tale", "skipped", "not_invited"),
    ]
    assert [row.detail for row in stage.rows(StepRun, decision="skipped")] == [
        {"reason": "too_late"},
        {"reason": "not_invited"},
    ]


def test_the_grace_of_a_trigger_is_that_of_its_if_late(database: Database, tmp_path: Path) -> None:
    stage = Stage(
        database, tmp_path, tale(head="trigger: {event: product.opened, if_late: {within: 9 days, else: task}}\n")
    )
    paused(stage)
    stage.say("product.opened")
    stage.run(days=8)
    assert resumed(stage).entered == 1
    paused(stage)
    with database.transaction() as session:
        other = make_account(session, "other")
    stage.say("product.opened", at=other)
    stage.run(days=10)
    assert resumed(stage).left_out == {"too_late": 1} and stage.tasks() == ["too_late"]


def test_a_goal_is_heard_and_takes_back_what_waits_for_approval(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=APPROVED, head=GOAL))
    stage.say("product.opened")
    stage.run()
    assert stage.messages() == [("email-greeting-hello", 1, "proposed")]
    paused(stage)
    stage.say("kickoff.held")
    stage.run()

    assert stage.runs() == [("tale", "done", "goal")]
    assert stage.messages() == [("email-greeting-hello", 1, "cancelled")]
    assert stage.rows(Approval, Approval.state) == ["withdrawn"]


def test_who_waits_at_the_door_hears_an_exit_too(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(head="exit: [{event: kickoff.held, task: {title: {ja: 話, en: Call}}}]\n"))
    paused(stage)
    stage.say("product.opened")
    stage.run()
    stage.say("kickoff.held")
    stage.run()
    assert stage.runs() == [("tale", "exited", "kickoff.held")] and stage.tasks() == ["exit"]


def test_a_message_that_was_to_leave_is_held_by_the_gate_and_leaves_after(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale())
    stage.say("product.opened")
    stage.run()
    assert paused(stage).messages == {"queued": 1}
    stage.clock.move(timedelta(minutes=20))
    assert delivered(stage) == 0
    (held,) = stage.rows(Message, Message.state, Message.reason, Message.due_at)
    assert tuple(held) == ("queued", "paused", stage.now + timedelta(days=1))
    assert stage.rows(GateCheck, GateCheck.policy)[-1] == "paused"

    assert resumed(stage).messages == 1
    stage.clock.move(timedelta(minutes=1))
    assert delivered(stage) == 1


def test_nobody_is_late_with_an_approval_that_a_pause_holds(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=APPROVED))
    stage.say("product.opened")
    stage.run()
    paused(stage)
    stage.clock.move(timedelta(days=20))
    with database.transaction() as session:
        assert expire_approvals(session, stage.library, now=stage.now) == 1
        assert expire_approvals(session, stage.library, now=stage.now) == 0
        session.execute(update(Approval).values(expires_at=stage.now))
    resumed(stage)

    (approval,) = stage.rows(Approval)
    assert (approval.state, approval.escalated_at) == ("pending", None)
    assert approval.expires_at == stage.now + timedelta(days=1)


def test_dates_that_come_in_a_pause_are_kept_and_a_withdrawn_playbook_lets_nobody_in(
    database: Database, tmp_path: Path
) -> None:
    head = "trigger: {date: contract.ends_on, latest: -30 days}\n"
    stage = Stage(database, tmp_path, tale(subject="contract", head=head), tale("other"))
    stage.set(stage.contract, ends_on=stage.now.date() + timedelta(days=31))
    paused(stage)
    stage.run(days=1)
    assert [state for _, state, _ in stage.runs()] == ["running"]
    (tmp_path / "playbooks/tale.yaml").unlink()
    stage.publish()
    assert resumed(stage).left_out == {"withdrawn": 1}
    assert stage.rows(Enrolment, Enrolment.end_reason) == ["withdrawn"] and stage.messages() == []


def test_what_is_not_so_is_refused_and_what_is_done_is_noted(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=MAIL))
    with pytest.raises(NotFoundError, match="did you mean tale"):
        paused(stage, "tael")
    with pytest.raises(ConflictError, match="not paused"):
        resumed(stage)
    paused(stage)
    with pytest.raises(ConflictError, match="is paused since 2026-11-16"):
        paused(stage)
    resumed(stage)
    with database.reading() as session:
        done = [entry.action for entry in entries_about(session, "playbook", "tale")]
    assert done == ["playbooks.pause", "playbooks.resume"]


def test_a_worker_that_still_saw_the_pause_parks_nobody_for_good(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=WAIT_AND_MAIL))
    stage.say("product.opened")
    stage.run()
    paused(stage)
    stage.clock.move(timedelta(days=2))
    resuming = threading.Thread(target=lambda: resume_alone(stage))
    with database.transaction() as session:
        assert advance(session, stage.library, now=stage.now) == 1  # it was due, and is parked
        resuming.start()
        resuming.join(timeout=0.3)  # it has to wait for the worker's commit
    resuming.join()
    stage.run()
    assert stage.messages() == [("email-greeting-hello", 1, "queued")]


def resume_alone(stage: Stage) -> None:
    with stage.database.transaction() as session:
        resume(session, Library(), "tale", by="cli:test", now=stage.now)
