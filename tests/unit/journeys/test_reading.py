from __future__ import annotations

from engage.customers.facts import EVERYTHING, OF_CONTRACTS, OF_PEOPLE, OF_USAGE, read_for
from engage.journeys.reading import next_step, read_ahead
from tests.unit.journeys.plays import Tale, settled

MAILS = """
- email: kickoff/welcome
  id: first
- wait: 5 business days
- email: kickoff/plan
"""


def ahead(tale: Tale) -> frozenset[str]:
    return read_ahead(tale.playbook, tale.program, next_step(tale.program, tale.state))


def test_names_say_what_must_be_read() -> None:
    assert read_for(["account.name", "event.name", "handoff.complete"]) == frozenset()
    assert read_for(["contract.ends_on", "usage.events"]) == {OF_CONTRACTS, OF_USAGE, OF_PEOPLE}


def test_a_run_that_may_write_reads_everything() -> None:
    assert ahead(Tale(MAILS)) == EVERYTHING


def test_a_run_that_only_begins_to_wait_reads_next_to_nothing() -> None:
    tale = Tale(MAILS)
    tale.advance()
    tale.state.memory["signals"] = [settled("first", "accepted")]  # type: ignore[index]

    assert ahead(tale) == frozenset()


def test_a_run_whose_message_was_not_accepted_may_write_again() -> None:
    tale = Tale(MAILS)
    tale.advance()
    tale.state.memory["signals"] = [settled("first", "skipped", reason="recipient_gone")]  # type: ignore[index]

    assert ahead(tale) == EVERYTHING


def test_a_wait_that_may_be_passed_over_is_looked_beyond() -> None:
    first = "- {task: {title: {ja: 電話, en: Call}, to: csm}}\n"
    until = "- wait: {until: contract.starts_on}\n"

    assert ahead(Tale(first + until)) == {OF_CONTRACTS}
    assert ahead(Tale(first + until + "- email: kickoff/plan\n")) == EVERYTHING
    assert ahead(Tale(first + "- wait: 2 days\n  if: account.is_test\n- email: kickoff/plan\n")) == EVERYTHING


def test_what_ends_a_run_is_always_read() -> None:
    assert ahead(Tale("- wait: 2 days\n", head="goal: {if: usage.first_used_at is set, within: 60 days}\n")) == {
        OF_USAGE,
        OF_PEOPLE,
    }
