"""Turns of set-wise work."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engage.db.session import Database
from engage.testing import MONDAY
from engage.worker.turns import take_turn

MINUTE = timedelta(minutes=1)


def taken(database: Database, *, after: timedelta = timedelta(0)) -> bool:
    with database.transaction() as session:
        return take_turn(session, "occurrences", every=MINUTE, now=MONDAY + after)


def test_a_turn_is_taken_once_until_it_is_due_again(database: Database) -> None:
    assert taken(database)
    assert not taken(database, after=timedelta(seconds=59))
    assert taken(database, after=MINUTE)


def test_a_turn_whose_work_failed_is_due_at_once(database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction() as session:
        take_turn(session, "occurrences", every=MINUTE, now=MONDAY)
        raise RuntimeError("the work failed")
    assert taken(database)
