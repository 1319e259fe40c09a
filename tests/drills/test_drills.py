"""The drills in their short form, on PostgreSQL; `make drills` plays them in full."""

from __future__ import annotations

import pytest

from tests.drills.drill import Drill
from tests.drills.order import DRILLS
from tests.drills.playing import played
from tests.support.postgres import PostgresServer


@pytest.mark.parametrize("drill", DRILLS, ids=[drill.name for drill in DRILLS])
def test_what_delivery_promises_holds_in_the_drill(drill: Drill, postgres: PostgresServer) -> None:
    report = played(drill, postgres.fresh_database, short=True)
    assert report.is_good, report.broken
