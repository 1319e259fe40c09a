from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engage.db.session import Database
from engage.events.intake import accept
from engage.journeys import advancing
from engage.journeys.tables import Enrolment, StepRun
from engage.testing import make_account, make_contact, make_contract
from tests.integration.journeys.stage import MONDAY, Stage, tale

TWO = """
- email: greeting/hello
  id: first
- email: greeting/hello
  id: second
  if: sent.first.state == "accepted"
"""
WAITING = """
- email: greeting/hello
  id: first
- wait: {for: replied, up_to: 14 days}
  id: pause
- choose:
    - if: waited.happened
      steps: [{task: {title: {ja: 返信, en: Answer}}}]
    - else: [{email: greeting/hello, id: reminder}]
"""


def begin(database: Database, root: Path, playbook: str) -> Stage:
    stage = Stage(database, root, playbook)
    stage.say("product.opened")
    stage.run()
    return stage


def test_a_run_rests_until_its_message_has_left_and_then_goes_on(database: Database, tmp_path: Path) -> None:
    stage = begin(database, tmp_path, tale(steps=TWO))
    assert stage.runs() == [("tale", "running", "first")]
    stage.run(days=30)
    assert stage.messages()[0][0] == "first" and len(stage.messages()) == 1

    stage.settle("accepted")
    assert [step for step, _, _ in stage.messages()] == ["first", "second"]
    assert stage.runs() == [("tale", "done", "completed")]


def test_what_was_skipped_is_not_cited(database: Database, tmp_path: Path) -> None:
    stage = begin(database, tmp_path, tale(steps=TWO))
    stage.settle("skipped", "suppressed")

    assert stage.messages() == [("first", 1, "skipped")]
    assert ("second", 1, "passed") in stage.journal()


def test_a_message_whose_reader_is_gone_is_decided_again(database: Database, tmp_path: Path) -> None:
    stage = begin(
        database, tmp_path, tale(steps=TWO, head="cc: []\n").replace("[champion, contact]", "[champion, end_user]")
    )
    stage.set(stage.ann, left_at=stage.now)
    stage.settle("skipped", "recipient_gone")

    assert stage.messages() == [("first", 1, "skipped"), ("first", 2, "queued")]
    assert stage.journal()[-2:] == [("first:settled", 1, "settled"), ("first", 2, "ordered")]


def test_even_a_last_message_is_decided_again(database: Database, tmp_path: Path) -> None:
    stage = begin(database, tmp_path, tale().replace("[champion, contact]", "[champion, end_user]"))
    assert stage.runs() == [("tale", "done", "completed")]
    stage.set(stage.ann, left_at=stage.now)
    stage.settle("skipped", "recipient_gone")

    assert stage.messages() == [("email-greeting-hello", 1, "skipped"), ("email-greeting-hello", 2, "queued")]
    assert stage.runs() == [("tale", "done", "completed")]


def test_nobody_to_write_to_is_a_task_for_the_owner(database: Database, tmp_path: Path) -> None:
    stage = begin(database, tmp_path, tale().replace("[champion, contact]", "[billing]"))

    assert stage.tasks() == ["nobody_found"]
    assert stage.messages() == []


def test_a_wait_ends_with_its_event(database: Database, tmp_path: Path) -> None:
    stage = begin(database, tmp_path, tale(steps=WAITING))
    stage.settle("accepted")
    assert stage.waits() == [("wait", "replied")]
    stage.clock.move(timedelta(days=2))
    stage.say("replied")
    stage.run()

    assert stage.tasks() == ["step"]
    assert stage.waits() == []


def test_a_wait_ends_with_its_time(database: Database, tmp_path: Path) -> None:
    stage = begin(database, tmp_path, tale(steps=WAITING))
    stage.settle("accepted")
    stage.run(days=13)
    assert len(stage.messages()) == 1
    stage.run(days=2)

    assert [step for step, _, _ in stage.messages()] == ["first", "reminder"]


def test_an_answer_that_came_before_the_wait_was_written_is_heard(database: Database, tmp_path: Path) -> None:
    stage = begin(database, tmp_path, tale(steps=WAITING))
    stage.say("replied")
    stage.settle("accepted")
    stage.run(minutes=1)

    assert stage.tasks() == ["step"]


def test_one_answer_ends_one_wait(database: Database, tmp_path: Path) -> None:
    wait = "- wait: {for: replied, up_to: 14 days}\n"
    steps = wait + wait + "- task: {title: {ja: 済, en: Done}}"
    stage = begin(database, tmp_path, tale(steps=steps))
    stage.say("replied")
    stage.run(minutes=1)
    assert stage.runs() == [("tale", "running", "wait-2")]
    stage.say("replied")
    stage.run(minutes=1)

    assert stage.tasks() == ["step"]


def test_a_wait_may_ask_something_of_its_event(database: Database, tmp_path: Path) -> None:
    steps = "- wait: {for: replied, where: event.properties.warm, up_to: 14 days}\n- task: {title: {ja: 済, en: Done}}"
    stage = begin(
        database, tmp_path, tale(steps=steps.replace("event.properties.warm", 'event.properties.mood == "warm"'))
    )
    stage.say("replied", mood="cold")
    stage.run(minutes=1)
    assert stage.tasks() == []
    stage.say("replied", mood="warm")
    stage.run()

    assert stage.tasks() == ["step"]


def test_a_contact_waits_for_its_own_answer(database: Database, tmp_path: Path) -> None:
    steps = "- wait: {for: replied, up_to: 14 days}\n- task: {title: {ja: 済, en: Done}}"
    stage = Stage(database, tmp_path, tale(steps=steps, subject="contact"))
    stage.say("product.opened", by=stage.ann)
    stage.run()
    stage.say("replied", by=stage.ben)
    stage.run(minutes=1)
    assert stage.tasks() == []
    stage.say("replied", by=stage.ann)
    stage.run()

    assert stage.tasks() == ["step"]


def test_the_goal_ends_the_run_and_takes_its_waiting_message_back(database: Database, tmp_path: Path) -> None:
    stage = begin(database, tmp_path, tale(head="goal: {event: box.ticked}\n"))
    assert stage.runs() == [("tale", "running", "email-greeting-hello")]
    stage.say("box.ticked")
    stage.run()

    assert stage.runs() == [("tale", "done", "goal")]
    assert [state for _, _, state in stage.messages()] == ["cancelled"]
    assert stage.waits() == []


def test_a_changed_fact_ends_a_run_by_its_exit(database: Database, tmp_path: Path) -> None:
    head = 'exit:\n  - if: account.phase == "churned"\n    task: {title: {ja: 電話, en: Call}, to: csm}\n'
    stage = begin(database, tmp_path, tale(steps=WAITING, head=head))
    stage.set(stage.account, phase="churned")
    stage.run()

    assert stage.runs()[0][1] == "exited"
    assert stage.tasks() == ["exit"]
    assert [state for _, _, state in stage.messages()] == ["cancelled"]


def test_an_event_about_another_contract_ends_nothing(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale(subject="contract", head="exit:\n  - event: contract.cancelled\n"))
    with database.transaction() as session:
        make_contract(session, stage.account, "c-2", state="active")
    stage.say("product.opened", contract_id="c-1")
    stage.run()
    stage.say("contract.cancelled", contract_id="c-2")
    stage.run()
    assert stage.runs()[0][1] == "running"
    stage.say("contract.cancelled", contract_id="c-1")
    stage.run()

    assert stage.runs()[0][1] == "exited"


def test_the_event_that_starts_a_run_does_not_end_it(database: Database, tmp_path: Path) -> None:
    stage = begin(database, tmp_path, tale(head="exit:\n  - event: product.opened\n"))

    assert stage.runs()[0][1] == "running"


def test_a_run_that_cannot_be_decided_rests_and_holds_up_nobody(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(database, tmp_path, tale("broken"), tale("whole"))
    decide = advancing.decide

    def fail_once(playbook, *rest, **named):  # type: ignore[no-untyped-def]
        if playbook.key == "broken":
            raise ValueError("a mistake of ours")
        return decide(playbook, *rest, **named)

    monkeypatch.setattr(advancing, "decide", fail_once)
    stage.say("product.opened")
    stage.run()
    assert stage.runs() == [("broken", "running", None), ("whole", "done", "completed")]
    (due_at, _) = stage.rows(Enrolment, Enrolment.due_at)
    assert due_at == MONDAY + timedelta(minutes=2)

    monkeypatch.setattr(advancing, "decide", decide)
    stage.run(minutes=3)
    assert stage.runs()[0] == ("broken", "done", "completed")


def test_a_crash_before_the_commit_leaves_nothing_and_loses_nothing(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, tale())
    stage.say("product.opened")
    with pytest.raises(KeyboardInterrupt), database.transaction() as session:
        assert advancing.advance(session, stage.library, now=stage.now) == 1
        raise KeyboardInterrupt
    assert stage.messages() == []
    stage.run()

    assert len(stage.messages()) == 1


def test_two_workers_never_hold_the_same_run(database: Database, tmp_path: Path) -> None:
    if database.dialect == "sqlite":
        # One writer at a time: the second transaction cannot even begin; shown by the due rows being gone after.
        stage = begin(database, tmp_path, tale())
        assert stage.advance() == 0
        return
    stage = Stage(database, tmp_path, tale())
    with database.transaction() as session:
        for number in range(6):
            make_contact(session, make_account(session, f"more-{number}", phase="onboarding"), f"person-{number}")
    stage.note("product.opened")
    stage.say("product.opened")
    with database.transaction() as one, database.transaction() as two:
        counts = (
            advancing.advance(one, stage.library, now=stage.now),
            advancing.advance(two, stage.library, now=stage.now),
        )
    assert counts == (1, 0)


def test_what_was_decided_stands_in_the_journal_in_order(database: Database, tmp_path: Path) -> None:
    stage = begin(database, tmp_path, tale(steps=WAITING))
    stage.settle("accepted")
    stage.run(days=15)

    assert stage.journal() == [
        ("@enter", 1, "entered"),
        ("first", 1, "ordered"),
        ("first:settled", 1, "settled"),
        ("pause", 1, "waiting"),
        ("pause:ended", 1, "wait_ended"),
        ("choose", 1, "chose"),
        ("reminder", 1, "ordered"),
    ]
    assert stage.rows(StepRun, StepRun.inputs, step_id="choose") == [{"waited.happened": False}]


def test_use_of_the_product_wakes_a_run_that_asks_about_usage(database: Database, tmp_path: Path) -> None:
    stage = begin(database, tmp_path, tale(head="goal: {if: usage.first_used_at is set}\n"))
    assert stage.waits() == [("change", "@change"), ("change", "@use")]
    use = {"type": "track", "event": "app.opened", "userId": stage.ann.external_id, "messageId": "use-1"}
    with database.transaction() as session:
        accept(session, 1, [use], received_at=stage.now, sent_at=None)
    stage.run()

    assert stage.runs() == [("tale", "done", "goal")]
    assert [state for _, _, state in stage.messages()] == ["cancelled"]
