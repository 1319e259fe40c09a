from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engage.customers.recipients import Person
from engage.journeys.decisions import Ended, Ordered, RunState, TaskRaised
from engage.messages.orders import ApprovalRule
from tests.unit.journeys.plays import AIKO, BEN, TUESDAY, Tale, heard, settled

LATER = TUESDAY + timedelta(days=15)
MAIL = "- email: kickoff/welcome\n"
TWO_MAILS = """
- email: kickoff/welcome
  id: first
- email: kickoff/plan
  if: sent.first.state == "accepted"
"""
WAIT = """
- email: kickoff/welcome
  id: first
- wait: {for: [replied, answered], up_to: 14 days}
- choose:
    - if: waited.happened
      steps: [{task: {title: {ja: 返信, en: Answer}, to: csm}}]
    - else:
        - email: kickoff/reminder
"""


def test_a_last_mail_is_ordered_and_the_run_is_done() -> None:
    tale = Tale(MAIL)

    assert tale.advance() == ["Ordered", "Ended"]
    assert tale.state.status == "done"
    assert tale.told[0].person == AIKO
    assert tale.told[0].sender == 7
    assert tale.told[0].wakes is False


def test_a_mail_before_another_step_rests_until_it_has_settled() -> None:
    tale = Tale(TWO_MAILS)

    assert tale.advance() == ["Ordered"]
    assert tale.told[0].wakes is True
    assert (tale.state.status, tale.state.step_id, tale.state.due_at) == ("running", "first", None)
    assert tale.advance(LATER) == []
    assert tale.advance(LATER, settled("first", "accepted")) == ["Settled", "Ordered", "Ended"]


def test_no_reminder_cites_a_mail_that_was_not_sent() -> None:
    tale = Tale(TWO_MAILS)
    tale.advance()

    assert tale.advance(LATER, settled("first", "skipped", reason="suppressed")) == ["Settled", "Passed", "Ended"]
    assert tale.told[1].inputs == {"sent.first.state": "skipped"}


def test_when_the_recipient_is_gone_the_step_decides_again_with_the_next_visit() -> None:
    tale = Tale(TWO_MAILS, head="")
    tale.advance()
    tale.facts["people"] = [BEN]
    gone = settled("first", "skipped", reason="recipient_gone")

    assert tale.advance(LATER, gone) == ["Settled", "TaskRaised", "Passed", "Ended"]
    assert tale.told[0].again is True

    tale = Tale(TWO_MAILS)
    tale.advance()
    assert tale.advance(LATER, gone) == ["Settled", "Ordered"]
    assert (tale.told[1].visit, tale.state.visit) == (2, 2)
    assert tale.advance(LATER, settled("first", "accepted", visit=1)) == []
    assert tale.advance(LATER, settled("first", "accepted", visit=2)) == ["Settled", "Ordered", "Ended"]
    assert tale.told[1].visit == 1


def test_a_step_is_not_decided_again_for_ever() -> None:
    tale = Tale(TWO_MAILS)
    tale.advance()
    for visit in range(1, 5):
        tale.advance(LATER, settled("first", "skipped", visit=visit, reason="recipient_gone"))

    assert tale.advance(LATER, settled("first", "skipped", visit=5, reason="recipient_gone"))[:2] == [
        "Settled",
        "Passed",
    ]


def test_nobody_to_write_to_becomes_a_task_and_the_run_goes_on() -> None:
    tale = Tale(MAIL, people=[BEN])

    assert tale.advance() == ["TaskRaised", "Ended"]
    assert (tale.told[0].reason, tale.told[0].role) == ("nobody_found", "csm")


def test_a_step_asks_others_than_the_playbook() -> None:
    tale = Tale("- email: kickoff/welcome\n  to: [decision_maker, sponsor]\n  from: [ceo, team]\n")
    tale.advance()

    assert tale.told[0].person == BEN
    assert tale.told[0].sender == "team"


def test_two_people_who_share_a_box_get_one_mail() -> None:
    head = "cc: [sponsor, partner, billing]\n"
    aiko = replace(AIKO, facts={**AIKO.facts, "email": "office@aoba.example"})
    ben = replace(BEN, facts={**BEN.facts, "email": "Office@Aoba.example "})
    desk = {"email": "desk@nishi.example"}
    cho, dan = Person(id=3, roles=("partner",), facts=desk), Person(id=4, roles=("billing",), facts=desk)
    tale = Tale(MAIL, head, people=[aiko, ben, cho, dan])
    tale.advance()

    assert tale.told[0].person.id == aiko.id
    assert tale.told[0].cc == (cho.id,)


def test_a_copy_goes_out_only_under_its_condition_and_never_to_the_addressee() -> None:
    head = 'cc: ["sponsor if contract.contact_policy == \\"copy_partner\\"", champion]\n'
    direct = Tale(MAIL, head, contract={"contact_policy": "direct"})
    copied = Tale(MAIL, head, contract={"contact_policy": "copy_partner"})
    direct.advance(), copied.advance()

    assert direct.told[0].cc == ()
    assert copied.told[0].cc == (BEN.id,)


@pytest.mark.parametrize(
    ("touch_model", "approve", "expected"),
    [
        ("tech", "", None),
        (None, "", None),
        ("high", "", ("csm", "1 business day")),
        ("high", "approve: never", None),
        ("tech", "approve: always", ("csm", "2 business days")),
        ("high", "approve: {by: cs_head, within: 4 hours}", ("cs_head", "4 hours")),
    ],
)
def test_approval_is_by_touch_model_unless_the_step_says_so(
    touch_model: str | None, approve: str, expected: tuple[str, str] | None
) -> None:
    tale = Tale(f"- email: kickoff/welcome\n  {approve}\n")
    tale.facts["account"] = {**tale.facts["account"], "touch_model": touch_model}
    tale.advance()
    rule: ApprovalRule | None = tale.told[0].approval

    assert (rule and (rule.by, str(rule.within))) == expected


def test_a_wait_ends_by_what_it_waits_for() -> None:
    tale = Tale(WAIT)
    tale.advance()
    tale.advance(TUESDAY, settled("first", "accepted"))

    assert tale.state.due_at == TUESDAY + timedelta(days=14)
    assert tale.advance(TUESDAY, heard("wait", "replied", step="wait")) == ["WaitEnded", "Chose", "TaskRaised", "Ended"]
    assert tale.told[2].title == {"ja": "返信", "en": "Answer"}
    assert tale.state.memory["waited"]["event"] == "replied"


def test_a_wait_ends_by_time() -> None:
    tale = Tale(WAIT)
    tale.advance()
    tale.advance(TUESDAY, settled("first", "accepted"))

    assert tale.advance(TUESDAY + timedelta(days=13)) == []
    assert tale.advance(LATER) == ["WaitEnded", "Chose", "Ordered", "Ended"]
    assert tale.told[1].way == "else"
    assert tale.told[1].inputs == {"waited.happened": False}


def test_a_news_for_another_step_ends_no_wait() -> None:
    tale = Tale(WAIT)
    tale.advance()
    tale.advance(TUESDAY, settled("first", "accepted"))

    assert tale.advance(TUESDAY, heard("wait", "replied", step="wait-9")) == []


def test_a_time_wait_counts_open_days_where_the_customer_is() -> None:
    tale = Tale(
        "- wait: 2 business days\n- email: kickoff/welcome\n",
        account={"time_zone": "America/New_York", "country": "US"},
    )

    assert tale.advance() == ["Waiting"]
    assert tale.state.due_at == TUESDAY + timedelta(days=2)  # Monday evening there, to Wednesday evening


def test_a_wait_until_a_date_starts_that_day_there() -> None:
    tale = Tale("- wait: {until: contract.starts_on}\n- email: kickoff/welcome\n", contract={"starts_on": "2026-12-01"})

    assert tale.advance() == ["Waiting"]
    assert tale.state.due_at is not None
    assert tale.state.due_at.isoformat() == "2026-11-30T15:00:00+00:00"


@pytest.mark.parametrize(
    ("until", "account", "expected"),
    [
        ("tuesday 10:00", {}, "2026-12-01T01:00:00+00:00"),  # it is Tuesday ten o'clock: the next one
        ("tuesday 10:01", {}, "2026-11-24T01:01:00+00:00"),
        ("open day 9:30", {"country": "JP"}, "2026-11-25T00:30:00+00:00"),
        ("thursday 09:00", {"time_zone": "America/New_York"}, "2026-11-26T14:00:00+00:00"),
        ("monday 18:00", {"time_zone": "America/New_York"}, "2026-11-30T23:00:00+00:00"),
    ],
)
def test_a_wait_until_a_time_follows_the_clock_there(until: str, account: dict[str, str], expected: str) -> None:
    there = {"time_zone": "Asia/Tokyo"} | account
    tale = Tale(f'- wait: {{until: "{until}"}}\n- email: kickoff/welcome\n', account=there)

    assert tale.advance() == ["Waiting"]
    assert tale.state.due_at is not None
    assert tale.state.due_at.isoformat() == expected
    assert tale.advance(tale.state.due_at) == ["WaitEnded", "Ordered", "Ended"]


def test_a_run_about_one_person_follows_the_clock_of_that_person() -> None:
    tale = Tale('- wait: {until: "10:00"}\n- email: kickoff/welcome\n', contact={"time_zone": "Europe/Paris"})
    tale.state = replace(tale.state, contact_id=1)

    assert tale.advance() == ["Waiting"]
    assert tale.state.due_at is not None
    assert tale.state.due_at.isoformat() == "2026-11-24T09:00:00+00:00"


@pytest.mark.parametrize(("contract", "reason"), [({}, "date_missing"), ({"starts_on": "2026-11-01"}, "date_passed")])
def test_a_wait_for_a_date_that_is_missing_or_past_is_passed_over(contract: dict[str, str], reason: str) -> None:
    tale = Tale("- wait: {until: contract.starts_on}\n- email: kickoff/welcome\n", contract=contract)

    assert tale.advance() == ["Passed", "Ordered", "Ended"]
    assert tale.told[0].reason == reason


def test_a_condition_passes_over_a_step_and_says_what_it_saw() -> None:
    tale = Tale('- email: kickoff/welcome\n  if: account.phase == "onboarding"\n', account={"phase": "churned"})

    assert tale.advance() == ["Passed", "Ended"]
    assert tale.told[0].inputs == {"account.phase": "churned"}


def test_a_goal_ends_the_run_with_success_and_a_last_mail_is_watched() -> None:
    tale = Tale(MAIL, "goal: {event: contract.renewed, within: 150 days}\n")

    assert tale.advance() == ["Ordered"]
    assert tale.told[0].wakes is True
    assert tale.advance(LATER, heard("goal", "contract.renewed")) == ["Ended"]
    assert (tale.state.status, tale.told[0].reason) == ("done", "goal")


def test_a_goal_after_its_time_is_no_goal() -> None:
    tale = Tale(MAIL, "goal: {event: contract.renewed, within: 10 days}\n")
    tale.advance()

    assert tale.advance(LATER, heard("goal", "contract.renewed")) == []


def test_an_exit_by_condition_raises_its_task_before_any_mail() -> None:
    head = """
    exit:
      - if: account.phase == "churned"
        task: {title: {ja: 電話, en: Call}, to: csm, due: 2 business days}
    """
    tale = Tale(MAIL, head, account={"phase": "churned", "country": "JP"})

    assert tale.advance() == ["TaskRaised", "Ended"]
    assert tale.state.status == "exited"
    assert tale.told[1].reason == 'account.phase == "churned"' or "churned" in tale.told[1].reason
    assert tale.told[0].due_at == TUESDAY + timedelta(days=2)


def test_an_exit_by_event_needs_that_event() -> None:
    head = "exit:\n  - event: contract.cancelled\n  - event: kickoff.held\n"
    tale = Tale(MAIL, head)
    tale.advance()

    assert tale.advance(LATER, heard("exit", "something.else")) == []
    assert tale.advance(LATER, heard("exit", "kickoff.held")) == ["Ended"]
    assert tale.told[0].reason == "kickoff.held"


def test_the_message_sees_the_chosen_person_and_the_run_but_not_the_whole_list() -> None:
    tale = Tale(MAIL)
    tale.advance()
    ordered: Ordered = tale.told[0]

    assert ordered.facts["contact"] == AIKO.facts
    assert ordered.facts["event"]["name"] == "contract.created"
    assert "people" not in ordered.facts


def test_the_same_inputs_give_the_same_answer() -> None:
    one, two = Tale(WAIT), Tale(WAIT)
    one.advance(), two.advance()

    assert one.told == two.told
    assert one.state == two.state


def test_in_app_messages_and_tasks_are_steps_too() -> None:
    tale = Tale("""
    - in_app: renewal/plan_next_term
    - task: {title: {ja: 確認, en: Check}, to: cs_head, note: {ja: 注, en: Note}}
    """)

    assert tale.advance() == ["Ordered"]
    assert tale.advance(LATER, settled("in-app-renewal-plan-next-term", "accepted")) == [
        "Settled",
        "TaskRaised",
        "Ended",
    ]
    task: TaskRaised = tale.told[1]
    assert (task.role, task.reason, task.note) == ("cs_head", "step", {"ja": "注", "en": "Note"})
    assert isinstance(tale.told[2], Ended)
    assert isinstance(tale.state, RunState)
