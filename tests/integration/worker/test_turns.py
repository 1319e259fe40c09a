"""Turns of set-wise work."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engage.db.session import Database
from engage.testing import MONDAY
from engage.worker.turns import end_turn, take_turn, turn_is_under_way

MINUTE = timedelta(minutes=1)


def taken(database: Database, *, after: timedelta = timedelta(0)) -> int:
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


def test_nobody_waits_for_a_turn_that_another_is_taking(database: Database) -> None:
    assert taken(database)
    with database.transaction() as session:
        assert take_turn(session, "occurrences", every=MINUTE, now=MONDAY + MINUTE)
        if database.dialect == "postgresql":  # SQLite has one writer: there the others wait for any write
            assert not taken(database, after=MINUTE)
    assert not taken(database, after=MINUTE)


def test_a_turn_is_under_way_until_its_own_end_is_said(database: Database) -> None:
    first = taken(database)
    second = taken(database, after=MINUTE)
    with database.transaction() as session:
        end_turn(session, "occurrences", first)
        assert turn_is_under_way(session, "occurrences")
        end_turn(session, "occurrences", second)
        end_turn(session, "occurrences", first)
        assert not turn_is_under_way(session, "occurrences")
