"""A person who turns out to be known under two names is written to as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engage.channels.in_app.tables import InAppItem
from engage.customers.tables import Contact
from engage.db.session import Database
from engage.events.intake import accept
from engage.journeys.tables import Enrolment
from engage.messages.tables import Message
from engage.testing import make_contact
from tests.integration.journeys.stage import MAIL, Stage, tale

WAITS = "- email: greeting/hello\n- wait: {for: replied, up_to: 9 days}\n- email: greeting/hello\n  id: again\n"


def once(steps: str = MAIL) -> str:
    """A playbook that runs once for each contact, and writes to them."""
    return tale(subject="contact", head="reentry: once\n", steps=steps).replace("[champion, contact]", "[contact]")


def hear(stage: Stage, *messages: dict[str, Any]) -> None:
    """What a source sends, digested together."""
    with stage.database.transaction() as session:
        accept(session, 7, messages, received_at=stage.now, sent_at=None)
    stage.run()


def opened(user: str) -> dict[str, Any]:
    return {"type": "track", "event": "product.opened", "userId": user, "context": {"groupId": "acme"}}


def alias(previous: str, user: str) -> dict[str, Any]:
    return {"type": "alias", "previousId": previous, "userId": user}


def test_a_mail_that_goes_once_goes_once_to_who_was_merged(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, once())
    hear(stage, opened("ann"))
    hear(stage, alias("ann", "annie"), opened("annie"))
    hear(stage, opened("ann"))

    (annie,) = stage.rows(Contact, Contact.id, external_id="annie")
    assert [(annie, "done")] == [(run.subject_id, run.state) for run in stage.rows(Enrolment)]
    assert [annie] == stage.rows(Message, Message.contact_id)


@pytest.mark.parametrize(("first", "second"), [("ann", "annie"), ("annie", "ann")])
def test_of_two_runs_the_older_goes_on_and_hears_its_event(
    database: Database, tmp_path: Path, first: str, second: str
) -> None:
    stage = Stage(database, tmp_path, once(WAITS))
    with database.transaction() as session:
        make_contact(session, stage.account, "annie")
    hear(stage, opened(first))
    hear(stage, opened(second))
    stage.settle("accepted")
    hear(stage, alias("ann", "annie"))
    (annie,) = stage.rows(Contact, Contact.id, external_id="annie")
    after = [(run.state, run.end_reason, run.subject_id == annie) for run in stage.rows(Enrolment)]
    hear(stage, {**opened("annie"), "event": "replied"})

    assert after == [("running", None, True), ("exited", "contact_merged", False)]
    assert [(m.step_id, m.state) for m in stage.rows(Message, step_id="again")] == [("again", "queued")]
    assert {annie} == set(stage.rows(Message, Message.contact_id))


def test_what_was_finished_is_not_done_again_by_an_older_run(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, once(WAITS))
    with database.transaction() as session:
        make_contact(session, stage.account, "annie")
    hear(stage, opened("ann"))
    hear(stage, opened("annie"))
    stage.settle("accepted")
    hear(stage, {**opened("annie"), "event": "replied"})
    stage.settle("accepted")
    hear(stage, alias("ann", "annie"))
    stage.run(days=20)

    assert [(run.state, run.end_reason) for run in stage.rows(Enrolment)] == [
        ("exited", "contact_merged"),
        ("done", "completed"),
    ]
    assert len(stage.rows(Message, step_id="again")) == 1


def test_the_inbox_goes_along(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, once())
    hear(stage, opened("ann"))
    (message,) = stage.rows(Message, Message.id)
    with database.transaction() as session:
        session.add(
            InAppItem(
                public_id="item", message_id=message, contact_id=stage.ann.id, locale="en", title="Hello", body="",
                created_at=stage.now,
            )
        )  # fmt: skip
    hear(stage, alias("ann", "annie"))

    assert stage.rows(Contact, Contact.id, external_id="annie") == stage.rows(InAppItem, InAppItem.contact_id)


def test_a_chain_of_merges_in_one_digest_arrives_at_its_end(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, once())
    hear(stage, opened("ann"))
    hear(stage, alias("ann", "annie"), alias("annie", "anna"), opened("anna"))

    assert stage.rows(Contact, Contact.id, external_id="anna") == stage.rows(Enrolment, Enrolment.subject_id)
    assert len(stage.messages()) == 1
