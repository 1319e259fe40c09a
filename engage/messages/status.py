"""The life of a message on one screen: its states, every legal move between them, and what receipts may say."""

from __future__ import annotations

from typing import Final

PROPOSED: Final = "proposed"  # a colleague must approve it
QUEUED: Final = "queued"  # due at `due_at`
HELD: Final = "held"  # it lacks something and cannot be made; looked at again at `due_at`
SENDING: Final = "sending"  # being handed over; the attempt is committed, its outcome is not
ACCEPTED: Final = "accepted"  # the provider has it
REJECTED: Final = "rejected"  # the provider refuses it for good
UNKNOWN: Final = "unknown"  # it may have left; never sent again without evidence
MERGED: Final = "merged"  # travels in another mail, and shares its fate
SKIPPED: Final = "skipped"  # decided against, with a reason
CANCELLED: Final = "cancelled"  # taken back by its journey or by a person

STATES: Final = (PROPOSED, QUEUED, HELD, SENDING, ACCEPTED, REJECTED, UNKNOWN, MERGED, SKIPPED, CANCELLED)

TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    PROPOSED: frozenset({QUEUED, HELD, SKIPPED, CANCELLED}),
    # accepted straight from the queue: an in-app message, or a receipt that proves a hand-over we had lost
    QUEUED: frozenset({SENDING, HELD, ACCEPTED, MERGED, SKIPPED, CANCELLED}),
    HELD: frozenset({QUEUED, PROPOSED, ACCEPTED, SKIPPED, CANCELLED}),
    SENDING: frozenset({ACCEPTED, REJECTED, UNKNOWN, QUEUED}),  # back to the queue only when surely not sent
    # late truth: the outcome of a slow hand-over, a receipt, or a person's word
    UNKNOWN: frozenset({ACCEPTED, REJECTED, QUEUED, CANCELLED}),
    MERGED: frozenset({ACCEPTED, REJECTED, QUEUED}),  # back to the queue when the other mail does not go now
    ACCEPTED: frozenset(),
    REJECTED: frozenset(),
    SKIPPED: frozenset(),
    CANCELLED: frozenset(),
}

# What receipts say, by rank: events come in any order, the highest rank stays.
DELIVERY_RANKS: Final = {"none": 0, "processed": 1, "deferred": 2, "delivered": 3, "dropped": 4, "bounced": 5}


def sources_of(new: str) -> tuple[str, ...]:
    """The states from which a message may move to this one."""
    return tuple(old for old in STATES if new in TRANSITIONS[old])


def later_delivery(old: str, new: str) -> str:
    """What is known of the delivery after one more receipt, in whatever order they came."""
    return max(old, new, key=DELIVERY_RANKS.__getitem__)
