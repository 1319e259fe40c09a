"""What a nudge calls: the kind's round, with the parts that this worker process holds."""

from __future__ import annotations

from engage.worker.rounds import Rounds

_held: list[Rounds] = []


def hold(rounds: Rounds) -> None:
    """Gives the nudges of this process the rounds that they run."""
    _held[:] = [rounds]


def run(kind: str) -> None:
    """One round of a kind of work; what an RQ job names."""
    _held[0].run(kind)
