"""A version applied, or a playbook deleted, while many are inside; and moving those whom the team wants to move."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, select

from engage.cli.migrating import migrate
from engage.customers.tables import Account, Contact, Membership
from engage.db.session import Database
from engage.errors import InputError, NotFoundError
from engage.events.recording import NewEvent, record
from engage.ids import new_id
from engage.journeys.tables import Enrolment, StepRun
from engage.messages.tables import Message
from engage.rollout.migrating import Move, move_next, moves, passage
from engage.staff.tables import AuditEntry
from tests.integration.journeys.stage import MONDAY, Stage, tale

FIRST = "- email: greeting/hello\n  id: hello\n- wait: 2 days\n  id: pause\n- email: greeting/hello\n  id: more"
WAITING = "- wait: 2 days\n  id: pause\n- email: greeting/hello"
SECOND = FIRST.replace("id: pause", "id: rest").replace("id: more", "id: last")


def fill(stage: Stage, count: int) -> None:
    """So many customers, each with a champion, who all open the product."""
    now = stage.now
    with stage.database.transaction() as session:
        both = {"traits": {}, "created_at": now, "updated_at": now}
        said = {"locale": "en", "time_zone": "Asia/Tokyo", "country": "JP", "phase": "onboarding", "is_test": False}
        accounts = [
            {"public_id": new_id("acc"), "external_id": f"a-{n}", "name": f"A {n:04}", **said, **both}
            for n in range(count)
        ]
        ids = list(session.scalars(insert(Account).returning(Account.id, sort_by_parameter_order=True), accounts))
        people = [
            {"public_id": new_id("con"), "external_id": f"p-{n}", "email": f"p{n}@c.example", "given_name": "P", **both}
            | {"address_key": f"p{n}@c.example"}
            for n in range(count)
        ]
        contacts = list(session.scalars(insert(Contact).returning(Contact.id, sort_by_parameter_order=True), people))
        session.execute(
            insert(Membership),
            [
                {"account_id": account, "contact_id": contact, "roles": ["champion"], "since": now, "learned_at": now}
                for account, contact in zip(ids, contacts, strict=True)
            ],
        )
        opened = [
            NewEvent(key=f"o-{id_}", name="product.opened", occurred_at=now, received_at=now, account_id=id_)
            for id_ in ids
        ]
        record(session, opened)


def versions(stage: Stage) -> Counter[tuple[int, str | None]]:
    with stage.database.reading() as session:
        rows = session.execute(select(Enrolment.playbook_version_id, Enrolment.step_id)).all()
        return Counter((stage.library.playbook(session, row[0]).version, row[1]) for row in rows)


def test_a_thousand_are_inside_when_a_version_is_applied_and_are_moved_when_asked(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(database, tmp_path, tale(steps=WAITING))
    fill(stage, 1000)
    stage.run()
    stage.publish(tale(steps=WAITING.replace("pause", "rest")))
    stage.run(hours=1)
    assert versions(stage) == {(1, "pause"): 1000}  # nobody is moved by an apply

    with database.reading() as session:
        way = passage(session, stage.library, "tale", source=1, target=None, names={"pause": "rest"})
        (found,) = moves(session, way)
    assert (found.step, found.to, found.how, len(found.subjects), found.subjects[0]) == (
        "pause", "rest", "goes_on", 1000, "A 0000",
    )  # fmt: skip
    last, chunks = 0, []
    while last is not None:
        with database.transaction() as session:
            last, moved = move_next(session, way, after=last, by="cli:test", now=stage.now)
            chunks.append(moved)
    assert chunks == [500, 500, 0] and versions(stage) == {(2, "rest"): 1000}
    told = stage.rows(StepRun, StepRun.detail, decision="migrated")
    assert len(told) == 1000 and told[0] == {
        "from_version": 1, "to_version": 2, "from": "pause", "to": "rest", "by": "cli:test",
    }  # fmt: skip
    assert stage.rows(AuditEntry, AuditEntry.action).count("playbooks.migrate") == 2
    stage.run()
    assert set(stage.rows(Enrolment, Enrolment.due_at)) == {MONDAY + timedelta(days=2)}  # as it was when it began


def test_a_message_under_way_keeps_its_version_and_its_news_reach_the_run(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=FIRST))
    stage.say("product.opened")
    stage.run()
    before = stage.rows(Message, Message.template_version_id)
    for language in ("ja", "en"):
        stage.write(f"email_templates/greeting/hello/{language}/subject.txt", "Better\n")
    stage.publish(tale(steps=FIRST.replace("id: hello", "id: welcome")))
    with database.transaction() as session:
        way = passage(session, stage.library, "tale", source=1, target=2, names={"hello": "welcome"})
        assert moves(session, way) == [Move("hello", "welcome", "goes_on", ("Acme",))]
        assert move_next(session, way, after=0, by="cli:test", now=stage.now)[1] == 1
    stage.run()
    stage.settle("accepted")
    assert stage.runs() == [("tale", "running", "pause")]
    assert stage.rows(Message, Message.template_version_id) == before
    stage.run(days=2)
    assert stage.rows(Message, Message.template_version_id)[1] not in before


def test_who_has_no_step_to_go_to_stays_and_wrong_words_are_refused(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=FIRST))
    stage.say("product.opened")
    stage.run()
    stage.settle("accepted")
    stage.publish(tale(steps=SECOND))
    with database.transaction() as session:
        way = passage(session, stage.library, "tale", source=1, target=None, names={})
        assert moves(session, way) == [Move("pause", None, "no_step", ("Acme",))]
        assert move_next(session, way, after=0, by="cli:test", now=stage.now)[1] == 0
        with pytest.raises(InputError, match=r"version 2 has no step rst .did you mean rest"):
            passage(session, stage.library, "tale", source=1, target=None, names={"pause": "rst"})
        with pytest.raises(InputError, match=r"version 1 has no step pose .did you mean pause"):
            passage(session, stage.library, "tale", source=1, target=None, names={"pose": "rest"})
        with pytest.raises(NotFoundError, match="has no version 7"):
            passage(session, stage.library, "tale", source=7, target=None, names={})
        with pytest.raises(InputError, match="is at version 2 already"):
            passage(session, stage.library, "tale", source=2, target=None, names={})
    assert versions(stage) == {(1, "pause"): 1}


def test_the_command_shows_first_and_moves_with_yes(database: Database, database_url: str, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps=FIRST))
    stage.say("product.opened")
    stage.run()
    stage.settle("accepted")
    stage.publish(tale(steps=SECOND))
    runner = CliRunner(env={"ENGAGE_DATABASE_URL": database_url, "ENGAGE_REDIS_URL": "off"})
    asked = ("tale", "--from", "1", "--map", "pause=rest")
    shown = runner.invoke(migrate, asked)
    assert "pause -> rest: 1 go on waiting as they do\n      Acme" in shown.output
    assert "Nothing has moved" in shown.output and versions(stage) == {(1, "pause"): 1}
    told = json.loads(runner.invoke(migrate, (*asked, "--yes", "--json")).output)
    assert told["moved"] == 1 and told["moves"][0]["subjects"] == ["Acme"] and versions(stage) == {(2, "rest"): 1}
    assert "--map OLD_STEP=NEW_STEP" in str(runner.invoke(migrate, ("tale", "--from", "1", "--map", "x")).exception)
