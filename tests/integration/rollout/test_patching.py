"""A fix of texts reaches those inside; what was drafted, and so what was approved, stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.db.session import Database
from engage.errors import ConflictError
from engage.journeys.tables import Enrolment, StepRun
from engage.messages.approvals import approve
from engage.messages.links import Links
from engage.messages.tables import Approval, Message
from engage.releases.library import Library
from engage.releases.tables import Release
from engage.rollout.patching import Patched, apply_patch
from tests.integration.journeys.stage import Stage, tale

STEPS = "- email: greeting/hello\n  id: first\n  approve: always\n- wait: 1 day\n- email: greeting/hello\n  id: second"
LINKS = Links("secret", "https://engage.example")


def correct(stage: Stage, words: str) -> None:
    for language in ("ja", "en"):
        stage.write(f"email_templates/greeting/hello/{language}/subject.txt", f"{words}\n")


def patched(stage: Stage) -> list[Patched]:
    workspace = stage.files()
    with stage.database.transaction() as session:
        return apply_patch(session, Library(), workspace, author="cli:test", now=stage.now)[1]


def test_those_inside_get_the_new_text_and_what_was_approved_is_what_is_sent(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(database, tmp_path, tale(steps=STEPS))
    stage.say("product.opened")
    stage.run()
    correct(stage, "Corrected")
    assert patched(stage) == [Patched("tale", 1, 1, ())]
    ((public_id, asked),) = stage.rows(Approval, Approval.public_id, Approval.assignee_id)
    with database.transaction() as session:
        approve(session, stage.library, public_id, links=LINKS, by=asked, now=stage.now)
    assert stage.rows(Message, Message.subject) == ["Hello"]  # drafted before the fix

    stage.settle("accepted")
    stage.run(days=1)
    old, new = stage.rows(Message, Message.template_version_id)
    with database.reading() as session:
        assert [stage.library.template(session, one).subject for one in (old, new)] == ["Hello", "Corrected"]
    assert stage.rows(StepRun, StepRun.detail, decision="patched") == [
        {"from_version": 1, "to_version": 2, "by": "cli:test"}
    ]
    assert "patched" in str(stage.explain())


def test_more_than_texts_is_refused_and_publishes_nothing(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=STEPS))
    stage.write("playbooks/tale.yaml", tale(steps=STEPS.replace("1 day", "3 days")))
    stage.write("playbooks/other.yaml", tale("other"))
    stage.write("email_templates/greeting/hello/meta.yaml", "purpose: promotional\n")
    with pytest.raises(ConflictError) as refused:
        patched(stage)
    for said in (
        "other: it is not live",
        "tale: step wait changed: wait",
        "tale: template greeting/hello has another purpose",
        "engage playbooks migrate",
    ):
        assert said in str(refused.value)
    assert len(stage.rows(Release)) == 1


def test_whose_steps_are_others_stay_and_are_told(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps="- wait: 9 days"))
    stage.say("product.opened")
    stage.run()
    stage.publish(tale(steps=STEPS))
    correct(stage, "Corrected")
    assert patched(stage) == [
        Patched("tale", 1, 1, ("step first is new", "step second is new", "step wait changed: wait"))
    ]
    assert len(set(stage.rows(Enrolment, Enrolment.playbook_version_id))) == 1
