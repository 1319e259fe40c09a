from __future__ import annotations

from pathlib import Path

from sqlalchemy import update

from engage.customers.tables import Membership
from engage.db.session import Database
from engage.journeys.tables import Enrolment, StepRun
from engage.messages.tables import Message
from engage.testing import make_account, make_contact, make_contract
from tests.integration.journeys.stage import MAIL, MONDAY, Stage, tale

TICK = "reentry: not while active\ngoal: {event: box.ticked}\n"


def test_an_event_enrols_its_account_once_with_the_live_version(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale())
    stage.say("product.opened", by=stage.ann, pages=3)
    stage.run()

    assert stage.runs() == [("tale", "done", "completed")]
    assert stage.messages() == [("email-greeting-hello", 1, "queued")]
    (run,) = stage.rows(Enrolment)
    assert (run.entered_at, run.occurrence.split(":")[0]) == (MONDAY, "event")
    assert run.trigger["event"]["properties"] == {"pages": 3}


def test_the_message_is_ordered_with_all_that_the_step_says(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale())
    stage.say("product.opened")
    stage.run()

    (message,) = stage.rows(Message)
    assert (message.contact_id, message.sender_staff_id) == (stage.ann.id, stage.sato.id)
    assert (message.topic, message.hours, message.wakes) == ("onboarding", "business", False)
    assert message.account_id == stage.account.id


def test_the_audience_decides_and_what_it_saw_is_journaled(database: Database, tmp_path: Path) -> None:
    stage = Stage(
        database,
        tmp_path,
        tale("inside", head='audience: account.phase == "onboarding"\n'),
        tale("outside", head='audience: account.phase == "churned"\n'),
    )
    stage.say("product.opened")

    assert [key for key, _, _ in stage.runs()] == ["inside"]
    assert stage.rows(StepRun, StepRun.inputs) == [{"account.phase": "onboarding"}]


def test_the_condition_of_a_trigger_reads_the_event(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(head="trigger: {event: product.opened, if: event.properties.pages > 2}\n"))
    stage.say("product.opened", pages=2)
    stage.say("product.opened", pages=3)

    assert len(stage.runs()) == 1


def test_a_trigger_knows_what_the_person_of_the_event_was_until_they_left(database: Database, tmp_path: Path) -> None:
    asked = """trigger: {event: contact.left, if: '"champion" in event.roles'}\n"""
    stage = Stage(database, tmp_path, tale(head=asked))
    with database.transaction() as session:
        session.execute(update(Membership).values(until=stage.now))
    stage.say("contact.left", by=stage.ben)
    assert stage.runs() == []
    stage.say("contact.left", by=stage.ann)

    assert len(stage.runs()) == 1


def test_own_staff_and_test_accounts_start_nothing(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale())
    with database.transaction() as session:
        colleague = make_contact(session, stage.account, "colleague", is_staff=True)
        trial = make_account(session, "trial", is_test=True)
    stage.say("product.opened", by=colleague)
    stage.say("product.opened", at=trial)

    assert stage.runs() == []


def test_an_event_that_no_playbook_names_starts_nothing(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale())
    stage.say("kickoff.held")

    assert stage.runs() == []


def test_once_is_once_for_ever(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(head="reentry: once\n"))
    for _ in range(2):
        stage.note("product.opened")
        stage.note("product.opened")
        stage.run(days=1)

    assert len(stage.runs()) == 1


def test_what_is_learned_long_after_it_happened_is_noted_and_starts_nothing(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale("each"), tale("first", head="reentry: once\n"))
    for days_ago in (400, 5, 3.1):
        stage.note("product.opened", days_ago=days_ago)
    stage.run()
    assert stage.runs() == [("each", "skipped", "too_late"), ("first", "skipped", "too_late")]
    assert stage.tasks() == []

    stage.note("product.opened", days_ago=2.9)
    stage.run()
    assert stage.runs()[2:] == [("each", "done", "completed")], "who was there before is no beginner now"


def test_an_author_says_how_late_is_too_late_and_who_hears_of_it(database: Database, tmp_path: Path) -> None:
    late = "trigger: {event: product.opened, if_late: {within: 10 days, else: task}}\n"
    stage = Stage(database, tmp_path, tale(head=late))
    stage.note("product.opened", days_ago=9)
    stage.note("product.opened", days_ago=11)
    stage.run()
    assert sorted(state for _, state, _ in stage.runs()) == ["done", "skipped"]
    assert stage.tasks() == ["too_late"]


def test_not_while_active_lets_in_again_after_the_end(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(head=TICK))
    stage.say("product.opened")
    stage.say("product.opened")
    stage.run()
    assert len(stage.runs()) == 1

    stage.say("box.ticked")
    stage.run()
    stage.say("product.opened")
    assert [state for _, state, _ in stage.runs()] == ["done", "running"]


def test_again_after_a_time(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(head="reentry: again after 10 days\n"))
    for _ in range(3):
        stage.say("product.opened")
        stage.run(days=6)

    assert len(stage.runs()) == 2


def test_a_contact_runs_for_itself(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(subject="contact", head="to: contact\nreentry: once\n").replace(
        "to: [champion, contact]\n", "", 1))  # fmt: skip
    for person in (stage.ben, stage.ann, stage.ben):
        stage.say("product.opened", by=person)
    stage.run()

    assert sorted(stage.rows(Message, Message.contact_id)) == sorted([stage.ann.id, stage.ben.id])


def test_a_contract_is_found_by_the_id_in_the_event(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(subject="contract"))
    with database.transaction() as session:
        other = make_contract(session, stage.account, "c-2", state="pending")
    stage.say("product.opened", contract_id="c-2")
    stage.say("product.opened")

    assert stage.rows(Enrolment, Enrolment.subject_id) == [other.id, stage.contract.id]


def test_a_run_stays_on_its_version(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(steps="- wait: 2 days\n- email: greeting/hello\n  id: old"))
    stage.say("product.opened")
    stage.run()
    stage.publish(tale(steps="- email: greeting/hello\n  id: new"))
    stage.run(days=3)

    assert [step for step, _, _ in stage.messages()] == ["old"]


def test_a_digest_told_twice_says_it_once(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale())
    stage.say("product.opened")

    assert stage.digest() == 0
    assert len(stage.runs()) == 1


def test_a_playbook_that_begins_anew_ends_the_run_before_and_takes_its_mail_back(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(database, tmp_path, tale(head="reentry: begin anew\n", steps=f"{MAIL}\n- wait: 3 days"))
    stage.say("product.opened", pages=1)
    stage.run()
    stage.say("product.opened", pages=2)
    stage.run()

    assert stage.runs() == [("tale", "exited", "begun anew"), ("tale", "running", "email-greeting-hello")]
    assert [state for _, _, state in stage.messages()] == ["cancelled", "queued"]
    assert [one["reason"] for one in stage.explain()["runs"]] == ["begun anew", None]
    stage.say("kickoff.held")
    stage.settle("accepted")
    assert [state for _, state, _ in stage.runs()] == ["exited", "running"]


def test_of_several_beginnings_at_once_the_last_one_counts(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(head="reentry: begin anew\n"))
    for pages in (1, 2, 3):
        stage.note("product.opened", pages=pages)
    stage.digest()

    assert [run.trigger["event"]["properties"]["pages"] for run in stage.rows(Enrolment)] == [3]
