"""The transition table: every state is named, ends are ends, and receipts count by rank."""

from __future__ import annotations

from itertools import permutations

import pytest

from engage.messages import status


def test_every_state_has_its_moves_and_every_move_leads_to_a_state() -> None:
    assert set(status.TRANSITIONS) == set(status.STATES)
    assert set().union(*status.TRANSITIONS.values()) <= set(status.STATES)


@pytest.mark.parametrize("end", ["accepted", "rejected", "skipped", "cancelled"])
def test_no_message_leaves_an_end(end: str) -> None:
    assert not status.TRANSITIONS[end]


def test_what_may_have_left_is_never_simply_sent_again() -> None:
    assert "unknown" not in status.sources_of("sending")
    assert "sending" not in status.sources_of("held")
    assert "sending" not in status.sources_of("skipped")


def test_only_waiting_messages_are_handed_over() -> None:
    assert status.sources_of("sending") == ("queued",)


@pytest.mark.parametrize("order", list(permutations(["processed", "deferred", "delivered", "bounced"])))
def test_receipts_in_any_order_come_to_the_same(order: tuple[str, ...]) -> None:
    known = "none"
    for kind in order:
        known = status.later_delivery(known, kind)
    assert known == "bounced"
