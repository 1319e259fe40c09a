"""The newest date of a recurrence is the same in SQL as in Python, so that a look leaves out nobody it concerns."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import Date, literal, select

from engage.calendars.occurrences import recurrences
from engage.customers.dialects import DIALECTS
from engage.customers.trait_sql import lend_functions
from engage.db.session import Database
from engage.language.durations import Duration

HARD = [
    (date(2024, 2, 29), Duration(12, "months")),
    (date(2026, 1, 31), Duration(1, "months")),
    (date(2025, 8, 31), Duration(6, "months")),
    (date(2026, 12, 31), Duration(3, "months")),
    (date(2027, 5, 1), Duration(2, "weeks")),
    (date(2020, 5, 1), Duration(10, "days")),
]


def newest(anchor: date, every: Duration, until: date) -> date | None:
    return max(recurrences(anchor, every.amount, every.unit, after=anchor, until=until), default=None)


@pytest.mark.parametrize("unit", ["months", "weeks", "days"])
def test_sql_finds_the_newest_date_as_python_does(database: Database, unit: str) -> None:
    chance, begin = random.Random(unit), date(2026, 1, 1)
    cases = [one for one in HARD if one[1].unit == unit]
    cases += [
        (begin + timedelta(days=chance.randrange(-900, 400)), Duration(chance.randrange(1, 15), unit))
        for _ in range(60)
    ]
    with database.reading() as session:
        lend_functions(session)
        for anchor, every in cases:
            until = begin + timedelta(days=chance.randrange(700))
            asked = DIALECTS[database.dialect].newest(literal(anchor, Date()), every, literal(until, Date()))
            assert session.scalar(select(asked)) == newest(anchor, every, until), (anchor, str(every), until)
