"""A digest takes every event that can be taken, whatever stands beside it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from engage.customers.import_kinds import KINDS
from engage.customers.importing import import_customers
from engage.customers.tables import Contact
from engage.db.session import Database
from engage.events.problems import KeptProblem, list_problems
from engage.events.rows import Row
from engage.events.storing import store_events
from engage.events.tables import SOURCE_ENGAGE, Event
from engage.journeys.digesting import digest
from engage.journeys.isolating import take_again
from engage.journeys.tables import Enrolment
from tests.integration.journeys.stage import MONDAY, Stage, tale

FROM_OUTSIDE = 7


def store(stage: Stage, number: int, *, source_id: int = FROM_OUTSIDE, **said: Any) -> None:
    """An event as it lies in the store, past every check of the intake."""
    columns: dict[str, Any] = {
        "type": "track", "name": "product.opened", "occurred_at": MONDAY, "received_at": MONDAY, "user_id": "ann",
        "anonymous_id": None, "group_id": "acme", "properties": {}, "context": {}, "contact_id": None,
        "account_id": None,
    }  # fmt: skip
    with stage.database.transaction() as session:
        store_events(session, source_id, [{**columns, "message_id": f"m{number}", "source_id": source_id, **said}])  # type: ignore[typeddict-item]


def problems(database: Database) -> list[KeptProblem]:
    with database.reading() as session:
        return list_problems(session, limit=100)


@pytest.mark.parametrize("guilty", [{0}, {3, 4, 9}])
def test_an_event_that_nothing_can_be_made_of_is_set_aside(
    database: Database, tmp_path: Path, guilty: set[int]
) -> None:
    stage = Stage(database, tmp_path, tale(subject="contact"))
    for number in range(10):
        if number in guilty:
            store(stage, number, type="alias", name="alias")  # says no previousId
        else:
            store(stage, number, type="identify", name="identify", user_id=f"u{number}", properties={"title": "x"})
    store(stage, 99)

    assert stage.digest() == 11
    assert stage.digest() == 0
    assert stage.runs() == [("tale", "running", None)]
    with database.reading() as session:
        assert len(session.scalars(select(Contact).where(Contact.title == "x")).all()) == 10 - len(guilty)
        assert session.scalars(select(Event.id).where(Event.resolved_at.is_(None))).all() == []
    kept = problems(database)
    assert [(one.code, one.source_id, one.reason) for one in kept] == [
        ("not_digested", FROM_OUTSIDE, "KeyError: 'previousId'")
    ] * len(guilty)
    assert {one.body["message_id"] for one in kept} == {f"m{number}" for number in guilty}


def test_what_an_event_says_of_the_customer_holds_even_if_its_runs_cannot_go_on(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(database, tmp_path, tale())
    store(stage, 1, source_id=SOURCE_ENGAGE, type="identify", name="message.skipped",
          properties={"title": "CTO", "origin": "enrolment"})  # fmt: skip
    stage.digest()

    with database.reading() as session:
        assert session.scalars(select(Contact.title).where(Contact.external_id == "ann")).all() == ["CTO"]
    assert [one.reason for one in problems(database)] == ["KeyError: 'origin_id'"]


def test_what_was_set_aside_can_go_through_again_once_the_reason_is_mended(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(subject="contact"))
    store(stage, 1, type="alias", name="alias")  # says no previousId
    store(stage, 2, type="alias", name="alias")
    stage.digest()
    with database.transaction() as session:
        mended = select(Event.id).where(Event.message_id == "m1").scalar_subquery()
        session.execute(update(Event).where(Event.id == mended).values(name="product.opened", type="track"))
        assert take_again(session) == 2
    assert (problems(database), stage.digest()) == ([], 2)

    assert stage.runs() == [("tale", "running", None)]
    assert [one.body["message_id"] for one in problems(database)] == ["m2"]


def test_only_engage_says_what_became_of_a_message(database: Database, tmp_path: Path) -> None:
    steps = "- email: greeting/hello\n- wait: 2 days\n- email: greeting/hello\n  id: again\n"
    stage = Stage(database, tmp_path, tale(steps=steps))
    stage.say("product.opened", by=stage.ann)
    stage.run()
    (run,) = stage.rows(Event, Event.id, name="product.opened")
    store(stage, 1, name="message.accepted", properties={
        "origin": "enrolment", "origin_id": run, "step_id": "email-greeting-hello", "visit": 1,
    })  # fmt: skip
    store(stage, 2, name="message.skipped", properties={"origin": "enrolment"})
    before = stage.runs()
    stage.run()

    assert (before, []) == (stage.runs(), problems(database))
    assert stage.messages() == [("email-greeting-hello", 1, "queued")]


def test_a_playbook_believes_only_engage_that_a_colleague_approved(database: Database, tmp_path: Path) -> None:
    head = "trigger: {event: approval.approved}\n"
    stage = Stage(
        database, tmp_path, tale(head=head), tale("waits", steps="- wait: {for: approval.approved, up_to: 9 days}\n")
    )
    stage.say("product.opened")
    stage.run()
    store(stage, 1, name="approval.approved")
    stage.run()
    before = stage.runs()
    stage.say("approval.approved")
    stage.run()

    assert [(key, state, step.split("-")[0]) for key, state, step in before if step] == [("waits", "running", "wait")]
    assert [(key, state) for key, state, _ in stage.runs()] == [("waits", "done"), ("tale", "done")]


def test_a_chunk_that_fails_loses_nothing_of_what_was_not_taken_yet(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale())
    store(stage, 0, type="alias", name="alias")
    for number in range(1, 6):
        store(stage, number)
    with database.transaction() as session:
        assert digest(session, stage.library, now=stage.now, limit=3) == 3

    assert stage.digest() == 3
    assert len(problems(database)) == 1


def test_however_it_is_learned_that_somebody_left_it_starts_what_waits_for_that_once(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(database, tmp_path, tale(head="trigger: {event: contact.left}\n", steps="- stop: noted"))
    gone = {"has_left": "yes", "new_employer": "Next Inc."}
    told: list[dict[str, Any]] = [
        {"user_id": "ann", "properties": gone},
        {"user_id": "ann", "properties": gone},  # the same file again, a minute later
        {"user_id": "zoe", "properties": gone},  # whom nobody knew to be there
        {"user_id": "ann", "properties": {"has_left": False}},
    ]
    for number, said in enumerate(told):
        at = MONDAY + timedelta(minutes=number)
        store(stage, number, type="identify", name="identify", occurred_at=at, received_at=at, **said)
    stage.run()
    row = Row(2, {"account_id": "acme", "email": "ben@customer.example", "user_id": "ben", "has_left": "はい"})
    with database.transaction() as session:
        assert import_customers(session, KINDS["contacts"], [row], file="people.csv", now=stage.now).taken == 1
    stage.run()

    left = stage.rows(Event, Event.contact_id, Event.account_id, Event.source_id, Event.properties, name="contact.left")
    assert [tuple(one) for one in left] == [
        (stage.ann.id, stage.account.id, SOURCE_ENGAGE, {"new_employer": "Next Inc."}),
        (stage.ben.id, stage.account.id, SOURCE_ENGAGE, {}),
    ]
    assert stage.runs() == [("tale", "exited", "noted")] * 2


def test_a_run_waits_for_clicks_in_its_own_mail_alone(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps="- wait: {for: message.clicked, up_to: 9 days}\n"))
    stage.say("product.opened", by=stage.ann)
    stage.run()
    (run,) = stage.rows(Enrolment, Enrolment.id)
    mail = {"origin": "enrolment", "step_id": "email-hello", "visit": 1}
    strangers: list[dict[str, Any]] = [
        {"properties": {**mail, "origin_id": run + 1}, "source_id": SOURCE_ENGAGE},
        {"properties": {**mail, "origin": "notice", "origin_id": run}, "source_id": SOURCE_ENGAGE},
        {"properties": {**mail, "origin_id": run}},
    ]
    for number, said in enumerate(strangers):
        store(stage, number, name="message.clicked", user_id=None, account_id=stage.account.id, **said)
    stage.run()
    before = stage.runs()
    own = {**mail, "origin_id": run}
    store(stage, 9, name="message.clicked", source_id=SOURCE_ENGAGE, account_id=stage.account.id, properties=own)
    stage.run()

    assert [state for _, state, _ in before] == ["running"]
    assert [state for _, state, _ in stage.runs()] == ["done"]
