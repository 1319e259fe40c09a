"""Which way of a split an account goes: by a hash that never changes, unless it has gone one before. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engage.ids import stable_fraction
from engage.language.spec import SplitStep

WAYS_TAKEN = "@ways"  # among the facts of a decision: the ways that the account has gone before, by step


def way_of(playbook_key: str, step: SplitStep, account: str, taken: Mapping[str, str]) -> str:
    """The way of this account: what it was given before, else by its place on the line from 0 to 100.

    Its external id tells the place: the same in every installation, and in a copy on which history is played again.
    """
    before = taken.get(step.id)
    if before in step.split:
        return before
    point = Decimal(stable_fraction("split", playbook_key, step.id, account)) * 100
    for way, share in step.split.items():
        point -= share
        if point < 0:
            return way
    return next(reversed(step.split))
