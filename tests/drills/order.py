"""The twelve drills in their order."""

from __future__ import annotations

from tests.drills.drill import Drill
from tests.drills.drill_01_killed_at_the_provider import DRILL as KILLED_AT_THE_PROVIDER
from tests.drills.drill_02_parent_killed import DRILL as PARENT_KILLED
from tests.drills.drill_03_valkey_gone import DRILL as VALKEY_GONE
from tests.drills.drill_04_postgresql_restarts import DRILL as POSTGRESQL_RESTARTS
from tests.drills.drill_05_brown_out import DRILL as BROWN_OUT
from tests.drills.drill_06_webhook_storm import DRILL as WEBHOOK_STORM
from tests.drills.drill_07_poison import DRILL as POISON
from tests.drills.drill_08_clock import DRILL as CLOCK
from tests.drills.drill_09_race import DRILL as RACE
from tests.drills.drill_11_paused import DRILL as PAUSED
from tests.drills.drill_12_restore import DRILL as RESTORE

DRILLS: tuple[Drill, ...] = (
    KILLED_AT_THE_PROVIDER,
    PARENT_KILLED,
    VALKEY_GONE,
    POSTGRESQL_RESTARTS,
    BROWN_OUT,
    WEBHOOK_STORM,
    POISON,
    CLOCK,
    RACE,
    PAUSED,
    RESTORE,
)
