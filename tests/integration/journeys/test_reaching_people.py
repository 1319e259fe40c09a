"""Several readers of one step, readers who leave, and one person at several customers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engage.customers.tables import Membership
from engage.db.session import Database
from engage.events.recording import NewEvent, record
from engage.events.tables import SOURCE_STAFF
from engage.journeys.tables import StepRun
from engage.messages.tables import Approval, GateCheck, Message, Suppression
from engage.messages.twins import TWINS
from engage.testing import make_account, make_contact
from tests.integration.journeys.stage import MONDAY, Stage, tale

TO = "to: [champion, contact]"
THEN = "- email: greeting/hello\n  id: mail\n- wait: 1 day\n  id: rest\n"


def leaves(stage: Stage, contact: str) -> None:
    """Somebody says that this person has left."""
    left = NewEvent(
        key=f"left-{contact}",
        name="contact.left",
        occurred_at=stage.now,
        received_at=stage.now,
        account_id=None,
        user_id=contact,
        group_id="acme",
        properties={},
    )
    with stage.database.transaction() as session:
        record(session, [left], source_id=SOURCE_STAFF)
    stage.run()


def test_everybody_gets_a_mail_of_their_own_and_the_step_settles_once(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=THEN).replace(TO, "to: {all: [champion, end_user]}"))
    stage.say("product.opened", by=stage.ben)
    stage.run()
    readers = stage.rows(Message, Message.contact_id)
    (ordered,) = (row for row in stage.rows(StepRun) if row.step_id == "mail")

    assert readers == [stage.ann.id, stage.ben.id]
    assert [one["contact_id"] for one in (ordered.detail, *ordered.detail["also"])] == readers
    assert [len(one["messages"]) for one in stage.explain()["runs"][0]["decisions"]][-1] == 2

    stage.settle("accepted")
    assert stage.runs() == [("tale", "running", "rest")]
    assert [step for step, _, _ in stage.journal()].count("mail:settled") == 1


def test_who_leaves_gets_nothing_that_waits_and_the_next_is_asked(database: Database, tmp_path: Path) -> None:
    asked = THEN.replace("id: mail", "id: mail\n  approve: always")
    stage = Stage(database, tmp_path, tale(steps=asked).replace(TO, "to: [champion, end_user]"))
    stage.say("product.opened", by=stage.ben)
    stage.run()
    assert stage.messages() == [("mail", 1, "proposed")]

    leaves(stage, "ann")
    assert stage.messages() == [("mail", 1, "cancelled"), ("mail", 2, "proposed")]
    assert stage.rows(Message, Message.reason, Message.contact_id)[0] == ("recipient_gone_left", stage.ann.id)
    assert stage.rows(Approval, Approval.state) == ["withdrawn", "pending"]

    leaves(stage, "ben")
    assert (stage.messages()[1:], stage.tasks()) == ([("mail", 2, "cancelled")], ["nobody_found"])


def test_a_suppressed_address_is_passed_over_for_the_next(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=THEN).replace(TO, "to: [champion, end_user]"))
    with database.transaction() as session:
        address = "ann@customer.example"
        session.add(Suppression(address_key=address, topic="*", reason="bounced", source="test", at=MONDAY))
    stage.say("product.opened", by=stage.ben)
    stage.run()

    assert stage.messages() == [("mail", 1, "skipped"), ("mail", 2, "queued")]
    assert stage.rows(Message, Message.contact_id) == [stage.ann.id, stage.ben.id]


@pytest.mark.parametrize(("shown", "after"), [("", ["no_permission"]), ("  without_permission: greeting/note\n", [])])
def test_who_never_agreed_to_such_mail_is_told_in_the_product_or_by_a_colleague(
    database: Database, tmp_path: Path, shown: str, after: list[str]
) -> None:
    stage = Stage(database, tmp_path)
    stage.write("email_templates/greeting/hello/meta.yaml", "purpose: promotional\n")
    stage.publish(tale(steps=THEN.replace("id: mail\n", f"id: mail\n{shown}")))
    stage.say("product.opened", by=stage.ben)
    stage.run()
    sent = stage.rows(Message, Message.channel, Message.state, Message.reason)
    (check,) = (one for one in stage.rows(GateCheck) if one.verdict == "skip")

    assert sent[0] == ("email", "skipped", "no_consent")
    assert sent[1:] == ([("in_app", "queued", None)] if shown else [])
    assert stage.tasks() == after
    assert check.inputs["rests_on"] == {"basis": "none"}


def test_one_person_at_two_customers_gets_one_mail_unless_each_is_meant(database: Database, tmp_path: Path) -> None:
    each = tale("each", head="every_account: true\n")
    stage = Stage(database, tmp_path, tale(), each)
    with database.transaction() as session:
        other = make_account(session, "bolt", country="JP", phase="onboarding", touch_model="tech")
        session.add(
            Membership(
                contact_id=stage.ann.id, account_id=other.id, roles=["champion"], since=MONDAY, learned_at=MONDAY
            )
        )
        third = make_account(session, "cord", country="JP", phase="onboarding", touch_model="tech")
        make_contact(session, third, "ann-2", email="Ann@customer.example")
    for account in (stage.account, other, third):
        stage.say("product.opened", at=account)
    stage.run()
    states = stage.rows(Message, Message.playbook_key, Message.state)
    (first, *_) = stage.rows(Message, Message.public_id, playbook_key="tale")
    checks = [one for one in stage.rows(GateCheck) if one.verdict == "skip"]

    assert [state for key, state in states if key == "tale"] == ["queued", "skipped", "skipped"]
    assert [state for key, state in states if key == "each"] == ["queued"] * 3
    assert {(one.reason, one.inputs["twin"]) for one in checks} == {("same_person", first)}

    stage.settle("accepted")
    for account in (stage.account, other):
        stage.clock.move(timedelta(days=2))
        stage.say("product.opened", at=account)
    stage.run()
    assert [state for key, state in stage.rows(Message, Message.playbook_key, Message.state) if key == "tale"][3:] == [
        "queued",
        "skipped",
    ]


def test_looking_for_the_same_person_reads_only_mail_to_them(database: Database) -> None:
    if database.dialect != "sqlite":
        pytest.skip("PostgreSQL plans by what is stored")
    asked = TWINS.params(ids=[1], since=MONDAY).compile(database.engine, compile_kwargs={"render_postcompile": True})
    values = ("[1]",) * len(asked.positiontup or ())
    with database.reading() as session:
        plan = [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", values)]

    assert any("ix_messages_contact_id" in line for line in plan)
    assert [line for line in plan if line.startswith("SCAN") and "json_each" not in line] == ["SCAN readers"]
    assert not any("origin" in line for line in plan)
