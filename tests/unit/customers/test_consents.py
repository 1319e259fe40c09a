"""Words on mail: the first and the last of a kind are kept, in whatever order they are learned."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations, product
from typing import Any

import pytest

from engage.customers.consents import Word, note
from engage.customers.picture import KeptContact
from engage.testing import MONDAY

SAID = tuple(product((0, 1), ("unsubscribe", "complaint")))  # in which minute, on what grounds


@pytest.mark.parametrize("order", list(permutations(SAID)), ids=str)
def test_the_first_and_the_last_no_are_kept_in_whatever_order_they_are_learned(order: tuple[Any, ...]) -> None:
    contact = KeptContact({})
    for minute, basis in order:
        note(contact, no(minute, basis))
    assert kept(contact) == [(0, "complaint"), (1, "unsubscribe")]


def no(minute: int, basis: str) -> Word:
    at = MONDAY + timedelta(minutes=minute)
    return Word(
        public_id=f"cns_{minute}{basis}", topic="*", state="withdrawn", basis=basis, evidence="sendgrid msg_1",
        source="sendgrid", said_by="sendgrid", at=at, recorded_at=MONDAY,
    )  # fmt: skip


def kept(contact: KeptContact) -> list[tuple[int, str]]:
    """Minute and grounds of the words that stand."""
    words = [word.values for word in contact.consents["*"]]
    return sorted(((word["at"] - MONDAY) // timedelta(minutes=1), word["basis"]) for word in words)
