"""What the team's own limits let through: a table for each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.language.catalogue import Catalogue
from engage.language.gates import Gate, read_gates
from engage.messages.exceptions import is_complete
from engage.messages.policy import gates, touch_budget
from engage.messages.policy.candidate import Slot
from engage.messages.policy.rolling import Taken, next_free
from engage.messages.policy.verdicts import Allow, Hold, Reason, Skip, say
from engage.releases.library import TemplateSource
from tests.unit.messages.test_policies import NOON, candidate

CATALOGUE = Catalogue.builtin().with_facts({"account.severe_tickets": "number"})
TITLE = {"ja": "対応中", "en": "a ticket is open"}
TICKET = "account.severe_tickets > 0"
OPEN_TICKET = {"account": {"severe_tickets": 1, "country": "JP", "region": "石川県"}}
THE_14TH = datetime(2027, 1, 13, 15, tzinfo=UTC)  # as it begins in Tokyo
TOMORROW = NOON + timedelta(days=1)


def gate(**said: Any) -> Any:
    return read_gates({"ticket": Gate.model_validate({"title": TITLE, **said})}, CATALOGUE)


@pytest.mark.parametrize(
    ("said", "facts", "expected"),
    [
        ({"if": TICKET}, OPEN_TICKET, TOMORROW),
        ({"if": TICKET}, {"account": {"severe_tickets": 0}}, None),
        ({"if": TICKET}, {"account": {}}, None),
        ({"if": TICKET, "look_again": "2 hours"}, OPEN_TICKET, NOON + timedelta(hours=2)),
        ({"if": TICKET, "then": "skip"}, OPEN_TICKET, "skip"),
        ({"if": TICKET, "give_up_after": "3 days"}, OPEN_TICKET, "skip"),
        ({"if": TICKET, "first": "2027-01-14"}, OPEN_TICKET, None),
        ({"if": TICKET, "last": "2027-01-12"}, OPEN_TICKET, None),
        ({"if": TICKET, "first": "2027-01-13", "last": "2027-01-13"}, OPEN_TICKET, THE_14TH),
        ({"last": "2027-01-20"}, {}, datetime(2027, 1, 20, 15, tzinfo=UTC)),
        ({"if": 'account.country == "JP" and account.region in ["石川県"]'}, OPEN_TICKET, TOMORROW),
        ({"if": 'account.country == "JP" and account.region in ["東京都"]'}, OPEN_TICKET, None),
    ],
)  # fmt: skip
def test_gates(said: dict[str, Any], facts: dict[str, Any], expected: datetime | str | None) -> None:
    four_days_ago = NOON - timedelta(days=4)
    verdict = gates.check(candidate(gates=gate(**said), facts=facts, created_at=four_days_ago), NOON)
    match verdict:
        case Allow():
            assert expected is None
        case Hold():
            assert (verdict.until, verdict.said) == (expected, "gate_closed: ticket")
        case Skip():
            assert (expected, verdict.reason) == ("skip", Reason.GATE_CLOSED)


def test_a_gate_says_what_it_saw() -> None:
    verdict = gates.check(candidate(gates=gate(**{"if": TICKET}), facts=OPEN_TICKET, created_at=NOON), NOON)
    assert isinstance(verdict, Hold)
    assert verdict.detail == {"gate": "ticket", "title": TITLE, "facts": {"account.severe_tickets": 1}}
    assert say(verdict.said, "en") == "a gate is closed for this customer (ticket)"


@pytest.mark.parametrize(
    ("said", "is_about"),
    [
        ({}, True),
        ({"stops": "everything", "spares": {"topics": ["contract"]}}, False),
        ({"stops": {"topics": ["contract"]}}, True),
        ({"stops": {"purposes": "promotional"}}, False),
        ({"stops": {"purposes": "promotional", "playbooks": "renewal"}}, True),
        ({"stops": {"playbooks": "renewal"}, "spares": {"purposes": ["relationship"]}}, False),
    ],
)
def test_which_messages_a_gate_is_about(said: dict[str, Any], is_about: bool) -> None:
    (one,) = gate(**{"if": TICKET, **said})
    assert one.is_about(topic="contract", purpose="relationship", playbook="renewal") is is_about


def at(*hours: float) -> list[datetime]:
    return [NOON + timedelta(hours=one) for one in hours]


@pytest.mark.parametrize(
    ("at_most", "taken", "free"),
    [
        (1, [], 0),
        (1, [-23], 1),
        (1, [-24], 0),
        (2, [-23], 0),
        (2, [-23, -1], 1),
        (2, [-23, -1, 5], 23),
        (2, [-20, 3], 4),  # now would make three in one day: at -20, 0 and 3
        (1, [-23, 0.5], 24.5),
        (1, [30], 0),
        (1, [20], 44),
        (3, [-1, -1, -1], 23),
    ],
)
def test_the_next_free_instant(at_most: int, taken: list[float], free: float) -> None:
    assert [next_free(NOON, [Taken(at_most, timedelta(days=1), at(*taken))])] == at(free)


@given(st.lists(st.integers(-48, 72), max_size=8), st.integers(1, 3))
def test_a_free_instant_overfills_nothing_and_is_the_first(hours: list[int], at_most: int) -> None:
    day, taken = timedelta(days=1), at(*hours)

    def overfilled(more: datetime) -> bool:
        everything = [*taken, more]
        ends = (end for end in everything if end - day < more <= end)
        return any(sum(end - day < one <= end for one in everything) > at_most for end in ends)

    free = next_free(NOON, [Taken(at_most, day, taken)])
    assert not overfilled(free)
    assert all(overfilled(NOON + timedelta(hours=hour)) for hour in range((free - NOON) // timedelta(hours=1)))


@pytest.mark.parametrize(
    ("slot", "expected"),
    [
        ({"at": NOON}, None),
        ({"at": TOMORROW}, TOMORROW),
        ({"at": TOMORROW + timedelta(hours=9)}, datetime(2027, 1, 15, tzinfo=UTC)),  # at night: when business begins
        ({"at": TOMORROW, "loser": "drop"}, "skip"),
        ({"at": TOMORROW, "give_up_after": timedelta(hours=5)}, "skip"),
    ],
)
def test_touch_budget(slot: dict[str, Any], expected: datetime | str | None) -> None:
    usual = {"of": "account", "loser": "defer", "give_up_after": timedelta(days=14), "told": {}}
    verdict = touch_budget.check(candidate(slot=Slot(**(usual | slot)), created_at=NOON), NOON)
    match verdict:
        case Allow():
            assert expected is None
        case Hold():
            assert verdict.said == "budget_used_up: account"
            assert isinstance(expected, datetime)
            assert expected <= verdict.until < expected + timedelta(hours=9)  # spread over the day
        case Skip():
            assert expected == "skip"


@pytest.mark.parametrize(
    ("facts", "complete"),
    [
        ({"contact": {"given_name": "Ann"}, "goal": {"text": "Half the work"}}, True),
        ({"contact": {"given_name": "Ann"}, "goal": {"text": ""}}, False),
        ({"contact": {"given_name": "Ann"}}, False),
    ],
)
def test_a_message_is_complete_when_it_could_say_everything(facts: dict[str, Any], complete: bool) -> None:
    words = "{{ contact.given_name }}{% if goal.text %} {{ goal.text }}{% endif %} {{ unsubscribe_url }}"
    template = TemplateSource(1, "test/mail", "en", "email", "Hello", f"<p>{words}</p>", None, {}, "sha")
    assert is_complete(template, facts) is complete
